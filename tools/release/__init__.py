"""Brings a new version live, watched by the stack's alarms, and takes it back."""
