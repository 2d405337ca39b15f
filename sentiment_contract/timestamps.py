"""Parses a producer's timestamps: ISO 8601, or seconds or milliseconds since 1970."""

import re
from datetime import UTC, datetime, timedelta

MAX_SKEW_MINUTES = 15  # a timestamp further ahead would block every later result
# Smaller numbers are more often years, a date's digits or spreadsheet day numbers than seconds before September 2001.
EPOCH_SECONDS_FROM = 1_000_000_000
EPOCH_MILLISECONDS_FROM = 100_000_000_000  # as seconds, this is the year 5138; as milliseconds, 1973
EPOCH_MILLISECONDS_TO = 253_402_300_799_999  # the end of the year 9999
ALLOWED = (
    f"ISO 8601 (UTC if without offset), or seconds (from {EPOCH_SECONDS_FROM} on, September 2001) or milliseconds "
    f"since 1970, at most {MAX_SKEW_MINUTES} minutes ahead"
)

# A calendar or week date, alone or with a time, each with or without its separators. The published schema contains this
# expression too, so it uses only features that the regular expressions of all languages share.
_MONTH, _DAY, _WEEK = "(0[1-9]|1[0-2])", "(0[1-9]|[12][0-9]|3[01])", "(0[1-9]|[1-4][0-9]|5[0-3])"
_HOUR, _MINUTE, _SECOND = "([01][0-9]|2[0-3])", "[0-5][0-9]", "[0-5][0-9]([.,][0-9]+)?"
_DATE = f"[0-9]{{4}}(-{_MONTH}-{_DAY}|{_MONTH}{_DAY}|-W{_WEEK}(-[1-7])?|W{_WEEK}[1-7]?)"
_TIME = f"{_HOUR}(:{_MINUTE}(:{_SECOND})?|{_MINUTE}({_SECOND})?)?"
_OFFSET = f"(Z| ?[+-]{_HOUR}(:?{_MINUTE})?)"
ISO_8601 = f"{_DATE}([Tt ]{_TIME}{_OFFSET}?)?"


def parse_timestamp(value: object) -> datetime:
    """A timestamp as a moment in UTC.

    Raises:
        ValueError: it is not a timestamp, is before 1970, or more than MAX_SKEW_MINUTES ahead.
    """
    try:
        if isinstance(value, str) and re.fullmatch(ISO_8601, value):
            given = datetime.fromisoformat(value.replace(" +", "+").replace(" -", "-"))
            moment = given.replace(tzinfo=UTC) if given.tzinfo is None else given.astimezone(UTC)
        elif (
            isinstance(value, int | float)
            and not isinstance(value, bool)
            and EPOCH_SECONDS_FROM <= value <= EPOCH_MILLISECONDS_TO
        ):
            moment = datetime.fromtimestamp(value / 1000 if value >= EPOCH_MILLISECONDS_FROM else value, UTC)
        else:
            raise ValueError("neither ISO 8601 nor such a number")
    except OverflowError as error:  # the first day of year 1 and the last of 9999, in other time zones
        raise ValueError(str(error)) from error
    if not datetime(1970, 1, 1, tzinfo=UTC) <= moment <= datetime.now(UTC) + timedelta(minutes=MAX_SKEW_MINUTES):
        raise ValueError("too early or too late")
    return moment
