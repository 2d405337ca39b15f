"""Judges a deployed stack: the live version by its own answers to known texts, then the way through queue and table."""
