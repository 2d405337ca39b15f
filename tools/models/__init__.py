"""Builds the models with which the pipeline is tested and measured."""
