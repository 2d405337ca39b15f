"""The objectives of a run, and the ones it missed."""

from collections.abc import Iterator
from dataclasses import dataclass

from tools.load.figures import Figures


@dataclass(frozen=True, kw_only=True)
class Objectives:
    """
    Attributes:
        max_p95_ms: limit for the latency from due to stored.
        min_throughput_percent: share of the requested rate.
        max_late_percent: share of texts sent late; beyond it, the load was not the requested one.
        max_lost, max_duplicated, max_dead: texts. Those that SQS did not accept count as lost.
    """

    max_p95_ms: float
    min_throughput_percent: float
    max_late_percent: float
    max_lost: int
    max_duplicated: int
    max_dead: int


def missed(objectives: Objectives, found: Figures, rate: float) -> list[str]:
    """Descriptions of the missed objectives; empty if all were met."""
    return list(_missed(objectives, found, rate))


def _missed(objectives: Objectives, found: Figures, rate: float) -> Iterator[str]:
    lost, late = found.lost + found.unsent, 100 * found.late / max(1, found.sent + found.unsent)
    if lost > objectives.max_lost:
        waiting = f"; the queue still held {found.left} messages" if found.left else ""
        yield f"{lost} texts lost ({found.unsent} of them not taken by SQS), {objectives.max_lost} allowed{waiting}"
    if found.duplicated > objectives.max_duplicated:
        yield f"{found.duplicated} texts duplicated, {objectives.max_duplicated} allowed"
    if found.dead > objectives.max_dead:
        yield f"{found.dead} texts dead-lettered, {objectives.max_dead} allowed"
    if not found.latency_ms["p95"] <= objectives.max_p95_ms:  # also if there was no text at all
        yield f"p95 {found.latency_ms['p95']:,.0f} ms, {objectives.max_p95_ms:,g} allowed"
    if found.throughput < rate * objectives.min_throughput_percent / 100:
        yield f"{found.throughput:.1f} texts a second stored, {objectives.min_throughput_percent:g} % of {rate:g} asked"
    if late > objectives.max_late_percent:
        yield f"{late:.1f} % of the texts sent late, {objectives.max_late_percent:g} % allowed"
