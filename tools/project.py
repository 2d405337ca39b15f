"""The project that these tools work on, from its Pulumi.yaml."""

from settings.project import ROOT, project_file, project_name

PROJECT = project_name()

__all__ = ["PROJECT", "ROOT", "project_file"]
