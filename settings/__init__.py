"""The stack's configuration: read, typed, checked, frozen."""

from settings.names import check_names, max_stack_chars
from settings.project import ROOT, project_file, project_name, schema
from settings.rules import SettingsError, listed
from settings.settings import NO_REGION, Settings, key_of

__all__ = [
    "NO_REGION",
    "ROOT",
    "Settings",
    "SettingsError",
    "check_names",
    "key_of",
    "listed",
    "max_stack_chars",
    "project_file",
    "project_name",
    "schema",
]
