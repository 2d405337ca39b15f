"""Estimates a stack's cost and the capacity that a rate needs."""
