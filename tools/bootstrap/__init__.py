"""What must be there once in an account before the workflows can deploy to it."""
