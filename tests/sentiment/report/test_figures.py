"""A report counts every item in its bucket, in memory that stays small."""

import math
import time
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from sentiment.report.figures import MAX_LABELS, OTHERS, Figures
from sentiment.report.span import DAY, HOUR, WEEK, Span
from sentiment.table import Page

END = datetime(2026, 11, 26, 12, 30, tzinfo=UTC)  # a Thursday
NOW = END.timestamp()


def figures(days: float = 3, top: int = 2) -> Figures:
    return Figures(span=Span.of(END - timedelta(days=days), END), top=top)


def result(item_id: str, label: Any = "POSITIVE", score: Any = 0.9, hours: float = 0, **more: Any) -> dict[str, Any]:
    sent = (END - timedelta(hours=hours)).isoformat(timespec="microseconds")
    return {"id": item_id, "sentiment": label, "score": score, "sent_at": sent, "text": f"Of {item_id}", **more}


def add(to: Figures, *results: dict[str, Any], scanned: int | None = None) -> None:
    to.add(Page(list(results), len(results) if scanned is None else scanned, 0.5), NOW)


@pytest.mark.parametrize(
    ("days", "width", "begin"),
    [
        (1, HOUR, datetime(2026, 11, 25, 12, tzinfo=UTC)),
        (4, HOUR, datetime(2026, 11, 22, 12, tzinfo=UTC)),
        (7, DAY, datetime(2026, 11, 19, tzinfo=UTC)),
        (184, DAY, datetime(2026, 5, 26, tzinfo=UTC)),
        (3_000, WEEK, datetime(2018, 9, 3, tzinfo=UTC)),
    ],
)
def test_buckets_are_whole_hours_days_or_weeks_and_the_last_contains_the_end(
    days: int, width: timedelta, begin: datetime
) -> None:
    span = Span.of(END - timedelta(days=days), END)
    starts = span.starts()
    assert (span.width, starts[0]) == (width, begin)
    assert starts[-1] <= END < starts[-1] + width
    assert {later - earlier for earlier, later in pairwise(starts)} <= {width}


def test_results_count_in_the_bucket_their_text_was_sent_in() -> None:
    found = figures()
    add(found, result("a"), result("b", "NEGATIVE", 0.5), result("c", score=0.7, hours=1), result("d", hours=72))
    last = len(found.span.starts()) - 1
    assert found.counts == {("POSITIVE", last): 1, ("NEGATIVE", last): 1, ("POSITIVE", last - 1): 1, ("POSITIVE", 0): 1}
    assert found.mean("POSITIVE") == pytest.approx((0.9 + 0.7 + 0.9) / 3)
    assert found.mean("NEGATIVE", last) == 0.5
    assert math.isnan(found.mean("NEGATIVE", 0))


def test_rows_cover_every_bucket_and_label_from_negative_to_positive() -> None:
    found = figures(days=2 / 24)
    add(found, result("a"), result("b", "NEGATIVE", 0.5), result("c", score=0.7), result("d", score=0.8, hours=2))
    assert list(found.rows()) == [
        ("hour", "sentiment", "results", "share", "mean_score"),
        ("2026-11-26T10:00:00+00:00", "NEGATIVE", 0, 0.0, ""),
        ("2026-11-26T10:00:00+00:00", "POSITIVE", 1, 1.0, 0.8),
        ("2026-11-26T11:00:00+00:00", "NEGATIVE", 0, "", ""),
        ("2026-11-26T11:00:00+00:00", "POSITIVE", 0, "", ""),
        ("2026-11-26T12:00:00+00:00", "NEGATIVE", 1, 0.333333, 0.5),
        ("2026-11-26T12:00:00+00:00", "POSITIVE", 2, 0.666667, 0.8),
    ]


ODD: list[dict[str, Any]] = [
    {"id": "bare"},
    result("number", 7),
    result("text", score="high"),
    result("percent", score=99.5),
    result("nan", score=math.nan),
    result("undated", sent_at=None),
    result("seconds", sent_at=1_700_000_000.0),
    result("word", sent_at="yesterday"),
    result("ahead", hours=-24),
]


@pytest.mark.parametrize("item", ODD, ids=lambda item: item["id"])
def test_an_item_that_is_not_a_result_counts_as_unreadable(item: dict[str, Any]) -> None:
    found = figures()
    add(found, item, result("whole"))
    assert (found.unreadable, found.labels, found.read) == (1, {"POSITIVE": 1}, 2)


def test_earlier_and_expired_results_are_counted_separately() -> None:
    found = figures()
    add(found, result("old", hours=24 * 5), result("gone", expires_at=time.time() - 10**9), scanned=12)
    add(found, result("naive", sent_at="2026-11-26T12:00:00"), result("kept", expires_at=NOW + 60))
    add(found, result("foreign expiry", expires_at="tomorrow"), result("a clock ahead", hours=-0.2))
    assert (found.earlier, found.expired, found.unreadable, found.labels) == (11, 1, 0, {"POSITIVE": 4})
    assert found.read == 16


def test_each_label_keeps_its_highest_scores_and_prefers_later_texts() -> None:
    found = figures()
    add(found, *(result(f"p{n}", score=n / 100) for n in range(50, 100)), result("n", "NEGATIVE", 0.5, text=None))
    add(found, result("later", score=0.99, hours=-0.1), result("earlier", score=0.99, hours=2))
    assert [each.id for each in sorted(found.decided["POSITIVE"], reverse=True)] == ["later", "p99"]
    assert [(each.id, each.text) for each in found.decided["NEGATIVE"]] == [("n", "")]


def test_a_text_sent_many_times_is_shown_once() -> None:
    found = figures(top=2)
    add(found, *(result(f"same-{n}", score=0.9 + n / 100, text="ok") for n in (1, 3, 2)), result("other", score=0.5))
    assert [each.id for each in sorted(found.decided["POSITIVE"], reverse=True)] == ["same-3", "other"]
    add(found, result("bare", score=0.97, text=None), result("as bare", score=0.96, text=None))
    assert [each.id for each in sorted(found.decided["POSITIVE"], reverse=True)] == ["bare", "as bare"]


def test_many_labels_and_long_texts_take_limited_memory() -> None:
    found = figures()
    add(found, *(result(f"id-{n}", f"label {n} " + "x" * 10_000, text="y" * 100_000) for n in range(MAX_LABELS + 50)))
    assert (len(found.labels), found.labels[OTHERS]) == (MAX_LABELS + 1, 50)
    assert max(map(len, found.labels)) < 1_000
    assert max(len(each.text) for kept in found.decided.values() for each in kept) < 1_000
