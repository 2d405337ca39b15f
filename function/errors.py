"""Errors, told without what they quote."""

import traceback
from collections.abc import Mapping
from typing import Any


def error_code(error: Exception) -> str:
    """AWS's code of an error, or its type."""
    response: Mapping[str, Any] = getattr(error, "response", None) or {}  # None on botocore's connection errors
    return response.get("Error", {}).get("Code") or type(error).__name__


def describe(error: Exception) -> dict[str, Any]:
    """What is safe to log of an error: its code and where it was, never its message, which may quote a text."""
    return {"error": error_code(error), "trace": traceback.format_tb(error.__traceback__)}
