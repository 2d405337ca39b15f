"""Simulates a queue under load, step by step: arrivals, processing and backlog."""

import math
from dataclasses import dataclass

from tools.estimate.capacity.design import Design

LONGEST_STEPS = 1_000_000


@dataclass(frozen=True, kw_only=True)
class Burst:
    """Steady traffic with one burst.

    Attributes:
        rate: texts a second. peak: factor during the burst.
        before_s, peak_s: time before the burst, and its length.
    """

    rate: float
    peak: float
    before_s: float
    peak_s: float

    def at(self, second: float) -> float:
        """Texts a second."""
        return self.rate * (self.peak if self.before_s <= second < self.end_s else 1)

    @property
    def end_s(self) -> float:
        return self.before_s + self.peak_s


@dataclass(frozen=True, kw_only=True)
class Step:
    """
    Attributes:
        second: the time at its end.
        arrived, processed: texts in this step. backlog: texts that wait at its end.
        slots: concurrent batches that Lambda was ready for.
        wait_s: how long the last text in the backlog waits at this step's pace.
    """

    second: float
    arrived: float
    processed: float
    backlog: float
    slots: float
    wait_s: float


@dataclass(frozen=True, kw_only=True)
class Trace:
    """
    Attributes:
        drain_s: from the end of the burst until nothing waits; infinite if that never comes.
    """

    steps: list[Step]
    drain_s: float

    @property
    def deepest(self) -> float:
        return max(step.backlog for step in self.steps)

    @property
    def longest_wait_s(self) -> float:
        return max(step.wait_s for step in self.steps)


def simulate(design: Design, traffic: Burst, after_s: float, step_s: float = 1.0) -> Trace:
    """Run a design through a burst until its backlog is gone, and for at least `after_s` beyond the burst.

    It starts with the pollers that the steady rate needs, up to its limit. While messages wait, it adds pollers at
    Lambda's pace. When none wait, it removes unneeded ones immediately, which is the cautious assumption.
    """
    steady, drains = _clamp(design, design.slots(traffic.rate)), design.most > traffic.rate
    steps = list[Step]()
    slots, backlog, second, drained_at = steady, 0.0, 0.0, math.inf
    while second < traffic.end_s + after_s or (drains and drained_at == math.inf and len(steps) < LONGEST_STEPS):
        arrived = traffic.at(second) * step_s
        pace = slots * design.texts_per_slot
        processed = min(backlog + arrived, pace * step_s)
        backlog = _rest(backlog + arrived - processed, arrived)
        second += step_s
        steps.append(
            Step(
                second=second, arrived=arrived, processed=processed, backlog=backlog, slots=slots, wait_s=backlog / pace
            )
        )
        if second >= traffic.end_s:
            drained_at = min(drained_at, second if not backlog else math.inf)
        more = slots + design.stacks * design.per_minute * step_s / 60
        slots = _clamp(design, more if backlog else design.slots(arrived / step_s))
    return Trace(steps=steps, drain_s=drained_at - traffic.end_s)


def _clamp(design: Design, slots: float) -> float:
    return min(design.stacks * design.slots_per_stack, max(design.stacks * design.start, slots))


def _rest(backlog: float, arrived: float) -> float:
    """The remaining backlog, without rounding errors."""
    return backlog if backlog > arrived * 1e-9 else 0.0
