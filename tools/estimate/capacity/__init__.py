"""Estimates a stack's capacity: concurrency, backlog, drain time, quotas and cost, up to a million texts a second."""
