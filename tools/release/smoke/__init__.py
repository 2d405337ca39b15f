"""Known texts through a deployed stack: sent to its queue, looked for in its table."""
