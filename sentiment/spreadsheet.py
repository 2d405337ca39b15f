"""Protects values in CSV from being run as formulas by a spreadsheet, and restores them."""

import re
from collections.abc import Collection

from sentiment.result import FIELDS

# https://owasp.org/www-community/attacks/CSV_Injection: a formula may begin with full-width signs too
_RUNS = "=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20"
_PROTECTED, _UNPROTECTED = re.compile(f"'+[{_RUNS}]"), re.compile(f"'*[{_RUNS}]")


def protected(value: object) -> object:
    """Put an apostrophe before a string that a spreadsheet would run as a formula; return anything else unchanged."""
    return f"'{value}" if isinstance(value, str) and _UNPROTECTED.match(value) else value


def restored(value: str) -> str:
    """The original of a string from `protected`."""
    return value[1:] if _PROTECTED.match(value) else value


def is_results(header: Collection[str]) -> bool:
    """Whether `results --output csv` wrote a CSV file; only such a file has protected values."""
    return set(FIELDS) - {"text"} <= set(header)
