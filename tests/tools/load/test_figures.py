"""The figures of a load run: the accounting by id, the series over time, the objectives."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools import pages
from tools.load.accounting import account
from tools.load.figures import Figures, series
from tools.load.objectives import Objectives, missed
from tools.load.plan import Kind, Plan
from tools.load.report import Report, blocks
from tools.load.texts import POOL, pool

GOOD = Figures(
    sent=1000,
    unsent=0,
    late=0,
    latest_s=0,
    stored=1000,
    lost=0,
    duplicated=0,
    dead=0,
    left=0,
    latency_ms={"p50": 100, "p95": 200, "p99": 300, "max": 400},
    throughput=99,
    deepest=20,
    oldest_s=0.4,
    cores={},
    peak_mb={},
    cold_starts=None,
    cold_start_s=0,
    load_average=1,
)
STRICT = Objectives(
    max_p95_ms=200, min_throughput_percent=95, max_late_percent=1, max_lost=0, max_duplicated=0, max_dead=0
)


def test_a_run_provides_its_figures_for_the_pages() -> None:
    run = Report(
        started_at=0,
        plan=Plan(rate=100, duration_s=10, together=10),
        where="here",
        clock="a clock",
        figures=GOOD,
        series=series(np.zeros(1), np.ones(1)),
        ceiling=None,
        objectives=STRICT,
        missed=[],
        samples=[],
    )
    written = blocks(run)
    assert written.keys() <= pages.blocks().keys()
    assert "| outcome | 1,000 stored, 0 lost, 0 duplicated" in written["load"]
    assert written["load-figure"].startswith(
        "100 texts a second for 10 s: 1,000 stored, 0 lost, 0 duplicated, p95 200 ms (20"
    )


WAYS = st.sampled_from(["stored", "dead", "lost", "stored twice", "dead twice", "both"])


@given(st.lists(WAYS, max_size=30))
def test_every_id_is_accounted_for(ways: list[str]) -> None:
    ids = {f"id-{n}": way for n, way in enumerate(ways)}
    stored = [i for i, way in ids.items() if way in ("stored", "stored twice", "both")]
    dead = [i for i, way in ids.items() for _ in range({"dead": 1, "dead twice": 2, "both": 1}.get(way, 0))]
    deliveries = Counter(i for i, way in ids.items() for _ in range({"lost": 0, "stored twice": 2}.get(way, 1)))
    accounting = account(list(ids), stored, dead, deliveries)
    assert accounting.lost == {i for i, way in ids.items() if way == "lost"}
    assert accounting.duplicated == {i for i, way in ids.items() if way in ("stored twice", "dead twice", "both")}
    assert (accounting.stored, accounting.dead) == (set(stored), set(dead))


def test_results_of_another_run_do_not_count() -> None:
    assert account(["mine"], ["theirs"], ["theirs"], {"theirs": 2}).lost == {"mine"}
    assert not account(["mine"], ["theirs"], ["theirs"], {"theirs": 2}).duplicated


def test_the_series_matches_a_hand_count() -> None:
    due = np.array([0.0, 0.5, 1.0, 1.5, 2.0])
    done = np.array([0.2, 2.5, 1.1, np.nan, 2.2])  # the second takes 2 s, the fourth is lost
    found = series(due, done)
    assert list(found.second) == [1, 2, 3]
    assert list(found.due) == [2, 2, 1]
    assert list(found.stored) == [1, 1, 2]
    assert list(found.depth) == [1, 2, 1]
    assert list(found.oldest_s) == [0.5, 1.5, 1.5]
    assert found.percentiles_ms["max"] == pytest.approx([2000, 100, 200])


def test_a_run_within_its_objectives_misses_none() -> None:
    assert missed(STRICT, GOOD, rate=100) == []


@pytest.mark.parametrize(
    ("found", "says"),
    [
        (replace(GOOD, lost=1), "1 texts lost"),
        (replace(GOOD, lost=7, left=5), "7 texts lost (0 of them not taken by SQS), 0 allowed; the queue still held 5"),
        (replace(GOOD, unsent=2), "2 texts lost (2 of them not taken by SQS)"),
        (replace(GOOD, duplicated=1), "1 texts duplicated"),
        (replace(GOOD, dead=3), "3 texts dead-lettered"),
        (replace(GOOD, latency_ms={"p95": 200.5}), "p95 200 ms, 200 allowed"),
        (replace(GOOD, latency_ms={"p95": float("nan")}), "p95 nan ms"),
        (replace(GOOD, throughput=94.9), "94.9 texts a second stored, 95 % of 100 asked"),
        (replace(GOOD, late=11), "1.1 % of the texts sent late"),
    ],
)
def test_a_missed_objective_is_named_with_its_value_and_its_limit(found: Figures, says: str) -> None:
    (told,) = missed(STRICT, found, rate=100)
    assert told.startswith(says)


@pytest.mark.parametrize("kind", list(Kind))
def test_texts_have_mixed_lengths_and_are_the_same_every_time(kind: Kind) -> None:
    texts = pool(kind)
    words = sorted(len(each.split()) for each in texts)
    assert texts == pool(kind)
    assert len(texts) == POOL
    assert words[0] < 10 < words[POOL // 2] < 40 < words[-1]
