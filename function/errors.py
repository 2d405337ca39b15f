"""Descriptions of errors that leave out the texts they may quote."""

import traceback
from collections.abc import Mapping
from typing import Any


def error_code(error: Exception) -> str:
    """AWS's code for an error, or else its type."""
    response: Mapping[str, Any] = getattr(error, "response", None) or {}  # None on botocore's connection errors
    return response.get("Error", {}).get("Code") or type(error).__name__


def describe(error: Exception) -> dict[str, Any]:
    """The loggable parts of an error: its code and location, never its message, which may quote a text."""
    return {"error": error_code(error), "trace": traceback.format_tb(error.__traceback__)}
