"""Faults on purpose: the local pipeline under all that can go wrong around it, and an account of every message."""
