"""How build_model makes a model folder. Not in the image."""
