"""Chains, hazards and outcomes as configuration."""
