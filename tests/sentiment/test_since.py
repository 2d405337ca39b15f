"""`--since` accepts ages as other tools do, and dates."""

from datetime import UTC, datetime, timedelta

import pytest

from sentiment.errors import CommandError
from sentiment.since import moment


@pytest.mark.parametrize(
    ("value", "age"),
    [
        ("42m", timedelta(minutes=42)),  # docker logs --since 42m
        ("36h", timedelta(hours=36)),
        ("7d", timedelta(days=7)),  # aws logs tail --since 7d
        ("2w", timedelta(weeks=2)),
    ],
)
def test_an_age_counts_back_from_now(value: str, age: timedelta) -> None:
    before = datetime.now(UTC)
    assert before - age <= moment(value) <= datetime.now(UTC) - age


@pytest.mark.parametrize("value", ["2026-11-01", "2026-11-01T00:00:00Z", "2026-11-01 02:00+02:00", "2026-W44-7"])
def test_a_date_is_in_utc_unless_it_says_otherwise(value: str) -> None:
    assert moment(value) == datetime(2026, 11, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    "value", ["", "7", "d", "-7d", "0d", "7 days", "1h30m", "P7D", "yesterday", "9999-01-01", "2026-13-01", "99999w"]
)
def test_any_other_value_is_refused_with_the_allowed_forms(value: str) -> None:
    with pytest.raises(CommandError) as refused:
        moment(value)
    assert f"--since: {value!r} is not allowed; must be an age, such as 30m, 36h, 7d or 2w" in str(refused.value)
