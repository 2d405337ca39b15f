"""The figures of a run, in total and over time."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tools.load.ledger import LATE_S
from tools.load.run import Run
from tools.load.samples import cores_used
from tools.percentile import percentile

SHARES = {"p50": 0.5, "p95": 0.95, "p99": 0.99, "max": 1}
Numbers = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Figures:
    """
    Attributes:
        sent, unsent, late: texts that SQS accepted; that it did not; whose send began late.
        latest_s: the largest delay of a send.
        left: messages in the queue at the end, as in Run.
        latency_ms: from when a text was due to when it was stored, by share of the texts.
        throughput: texts stored a second, until the last one was stored or the time of sending was over.
        deepest, oldest_s: most texts that were due and not stored yet, and the longest that one of them had waited.
        cores: CPU seconds used a second, by what the processes do. peak_mb: most memory, likewise.
        cold_starts, cold_start_s: how many, where it can be watched, and the slowest of them.
    """

    sent: int
    unsent: int
    late: int
    latest_s: float
    stored: int
    lost: int
    duplicated: int
    dead: int
    left: int
    latency_ms: Mapping[str, float]
    throughput: float
    deepest: int
    oldest_s: float
    cores: Mapping[str, float]
    peak_mb: Mapping[str, float]
    cold_starts: int | None
    cold_start_s: float
    load_average: float


@dataclass(frozen=True, kw_only=True)
class Series:
    """Second by second since the start; of the percentiles, by the second in which the texts were due (NaN: none).

    Attributes:
        due, stored: texts in each second.
        depth, oldest_s: at the end of each second, as in Figures.
    """

    second: Numbers
    due: Numbers
    stored: Numbers
    depth: Numbers
    oldest_s: Numbers
    percentiles_ms: Mapping[str, Numbers]


def figures(run: Run) -> Figures:
    due, done = moments(run)
    latency_ms = (done - due)[~np.isnan(done)] * 1000
    accounting, late = run.accounting, [late for late in run.ledger.lateness_s if late > LATE_S]
    over_time, colds = series(due, done), run.pipeline.cold_starts
    return Figures(
        sent=len(run.ledger.ids),
        unsent=len(run.ledger.unsent),
        late=len(late),
        latest_s=max(run.ledger.lateness_s, default=0.0),
        stored=len(accounting.stored),
        lost=len(accounting.lost),
        duplicated=len(accounting.duplicated),
        dead=len(accounting.dead),
        left=run.left,
        latency_ms={name: percentile(latency_ms, share) for name, share in SHARES.items()},
        throughput=len(latency_ms) / float(np.nanmax(done, initial=run.ledger.plan.duration_s)),
        deepest=int(over_time.depth.max()),
        oldest_s=float(over_time.oldest_s.max()),
        cores=cores_used([s for s in run.samples if s.at <= run.ledger.started_at + run.ledger.plan.duration_s]),
        peak_mb={name: max(s.memory_mb[name] for s in run.samples) for s in run.samples[:1] for name in s.memory_mb},
        cold_starts=None if colds is None else len(colds),
        cold_start_s=max(colds or [0.0]),
        load_average=run.load_average,
    )


def moments(run: Run) -> tuple[Numbers, Numbers]:
    """When each text that SQS accepted was due and when it was stored (NaN: never), in order, in s since the start."""
    ledger = run.ledger
    indices = [index for index in range(ledger.plan.texts) if ledger.id_of(index) not in ledger.unsent]
    done = [run.done_at.get(ledger.id_of(index), np.nan) - ledger.started_at for index in indices]
    return np.array([ledger.plan.due_s(index) for index in indices]), np.array(done)


def series(due: Numbers, done: Numbers) -> Series:
    """The result of `moments`, second by second. A text that was never stored stays in the depth."""
    if not len(due):
        due = done = np.zeros(0)
    seconds = int(max(np.nanmax(due, initial=0.0), np.nanmax(done, initial=0.0))) + 1
    ends = np.arange(1, seconds + 1, dtype=float)
    never = np.where(np.isnan(done), np.inf, done)
    waiting = [due[(due < end) & (never >= end)] for end in ends]
    by_second = [(done - due)[(due >= end - 1) & (due < end) & ~np.isnan(done)] * 1000 for end in ends]
    return Series(
        second=ends,
        due=np.histogram(due, bins=np.append(0.0, ends))[0].astype(float),
        stored=np.histogram(done[~np.isnan(done)], bins=np.append(0.0, ends))[0].astype(float),
        depth=np.array([float(len(each)) for each in waiting]),
        oldest_s=np.array([end - each.min() if len(each) else 0.0 for end, each in zip(ends, waiting, strict=True)]),
        percentiles_ms={
            name: np.array([percentile(each, share) for each in by_second]) for name, share in SHARES.items()
        },
    )
