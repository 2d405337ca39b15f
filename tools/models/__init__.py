"""Makes the models that the pipeline is tried and measured with."""
