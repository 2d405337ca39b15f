"""The parts of build_model, which are not in the image."""
