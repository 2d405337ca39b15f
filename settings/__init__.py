"""The stack's configuration: read, typed, checked, frozen."""

from settings.settings import (
    MAX_STACK_CHARS,
    ONNX_MIN_MEMORY_MB,
    ROOT,
    TORCH_MIN_MEMORY_MB,
    Settings,
    SettingsError,
    check_stack_name,
    key_of,
    schema,
)

__all__ = [
    "MAX_STACK_CHARS",
    "ONNX_MIN_MEMORY_MB",
    "ROOT",
    "TORCH_MIN_MEMORY_MB",
    "Settings",
    "SettingsError",
    "check_stack_name",
    "key_of",
    "schema",
]
