"""Reads `--since`: an age or a date."""

import re
from datetime import UTC, datetime, timedelta

import typer

from sentiment.errors import CommandError
from sentiment_contract.timestamps import parse_timestamp

UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}
AGO = re.compile(f"([1-9][0-9]{{0,3}})([{''.join(UNITS)}])")
ALLOWED = "an age, such as 30m, 36h, 7d or 2w, or a date or time since 1970 in ISO 8601 (UTC if without offset)"

SINCE = typer.Option(help=f"Only texts sent then or later: {ALLOWED}.")


def moment(value: str) -> datetime:
    """The moment that the option's value stands for, in UTC.

    Raises:
        CommandError: it is neither an age nor a date, or lies in the future.
    """
    now = datetime.now(UTC)
    try:
        age = AGO.fullmatch(value)
        found = now - int(age[1]) * UNITS[age[2]] if age else parse_timestamp(value)
        if found > now:
            raise ValueError("it lies ahead")
    except ValueError:
        raise CommandError(f"--since: {value!r} is not allowed; must be {ALLOWED}, and in the past") from None
    return found
