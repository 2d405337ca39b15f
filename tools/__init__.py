"""Runs and measures the service on this machine, and releases it; never deployed."""
