"""Injects faults around the local pipeline, and accounts for every message."""
