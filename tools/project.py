"""The project that these tools work on, as its Pulumi.yaml describes it."""

from settings.project import ROOT, project_file, project_name

PROJECT = project_name()

__all__ = ["PROJECT", "ROOT", "project_file"]
