"""Dead letters: look, save, send back, delete."""
