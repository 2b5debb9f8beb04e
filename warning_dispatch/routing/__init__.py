"""From an alert to whom it concerns. PURE."""
