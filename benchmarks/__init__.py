"""The speed goals of the design, measured: `python -m benchmarks` (JSON on stdout, a table on stderr)."""
