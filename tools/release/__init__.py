"""Takes a new version live while the stack's alarms watch it, and rolls it back."""
