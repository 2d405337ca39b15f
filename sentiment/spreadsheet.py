"""Results as CSV that a spreadsheet shows and does not run, and that is read back as it was."""

import re
from collections.abc import Collection

from sentiment.table import FIELDS

# https://owasp.org/www-community/attacks/CSV_Injection: a formula may begin with full-width signs too
_RUNS = "=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20"
_PROTECTED, _UNPROTECTED = re.compile(f"'+[{_RUNS}]"), re.compile(f"'*[{_RUNS}]")


def protected(value: object) -> object:
    """A string that a spreadsheet would take for a formula gets an apostrophe in front; anything else is left alone."""
    return f"'{value}" if isinstance(value, str) and _UNPROTECTED.match(value) else value


def restored(value: str) -> str:
    """What `protected` made of a string, as it was."""
    return value[1:] if _PROTECTED.match(value) else value


def is_results(header: Collection[str]) -> bool:
    """Whether a CSV file is what `results --output csv` wrote: it alone has protected values."""
    return set(FIELDS) - {"text"} <= set(header)
