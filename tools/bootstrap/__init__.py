"""Prepares an AWS account, once, so that the workflows can deploy to it."""
