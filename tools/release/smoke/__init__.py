"""Checks a deployed stack: first the live version's answers to known texts, then the path through queue and table."""
