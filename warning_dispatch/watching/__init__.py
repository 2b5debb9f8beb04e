"""Watching over the daemon from outside: figures for Prometheus, and a heartbeat outward."""
