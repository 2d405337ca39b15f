"""The results for one stack and one traffic pattern: every way through a burst, and the first that holds it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from tools.estimate.capacity.design import Design
from tools.estimate.capacity.needs import Need, needs
from tools.estimate.capacity.simulate import Burst, Trace, simulate
from tools.estimate.capacity.spending import monthly_usd
from tools.estimate.capacity.ways import first_that_holds, ways
from tools.estimate.cost.measured import Measured
from tools.estimate.cost.stack import Stack

AFTER_S = 600  # simulated beyond the burst at least
RATES = (10.0, 100.0, 1e3, 1e4, 1e5, 1e6)  # texts a second, of the table of what it takes
WRITE_UNIT_BYTES = 1024


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """A way through the burst. `usd`: a month at the steady rate; infinite if it cannot hold that."""

    design: Design
    trace: Trace
    usd: float


@dataclass(frozen=True, kw_only=True)
class Study:
    """
    Attributes:
        outcomes: the outcomes of all ways, in order.
        chosen: the first way that holds the peak, so its backlog is only its pollers' lag. needs: its needs.
        by_rate: the same for other steady rates, with the same burst.
    """

    stack: Stack
    measured: Measured
    workload: str
    traffic: Burst
    outcomes: Sequence[Outcome]
    chosen: Outcome
    needs: Sequence[Need]
    by_rate: Sequence[tuple[Burst, Outcome, Sequence[Need]]]


def study(stack: Stack, measured: Measured, workload: str, traffic: Burst) -> Study:
    """
    Raises:
        MeasuredError: the workload was not measured.
    """
    outcomes = [_outcome(way, stack, measured, workload, traffic) for way in _ways(stack, measured, workload, traffic)]
    chosen, needed = _holds(stack, measured, workload, traffic)
    others = [replace(traffic, rate=rate) for rate in RATES]
    return Study(
        stack=stack,
        measured=measured,
        workload=workload,
        traffic=traffic,
        outcomes=outcomes,
        chosen=chosen,
        needs=needed,
        by_rate=[(other, *_holds(stack, measured, workload, other)) for other in others],
    )


def _ways(stack: Stack, measured: Measured, workload: str, traffic: Burst) -> list[Design]:
    engine = measured.engine("ours" if stack.backend == "onnx" else "torch", workload)
    return ways(stack, engine, measured.sizes(workload).characters, traffic.rate, traffic.rate * traffic.peak)


def _holds(stack: Stack, measured: Measured, workload: str, traffic: Burst) -> tuple[Outcome, list[Need]]:
    peak = traffic.rate * traffic.peak
    way = first_that_holds(_ways(stack, measured, workload, traffic), peak)
    return _outcome(way, stack, measured, workload, traffic), needs(
        way, traffic.rate, peak, write_units(stack, measured, workload)
    )


def _outcome(way: Design, stack: Stack, measured: Measured, workload: str, traffic: Burst) -> Outcome:
    holds = way.most > traffic.rate
    return Outcome(
        design=way,
        trace=simulate(way, traffic, AFTER_S),
        usd=monthly_usd(way, stack, measured.sizes(workload), traffic.rate) if holds else math.inf,
    )


def write_units(stack: Stack, measured: Measured, workload: str) -> int:
    """DynamoDB's write units for one result."""
    sizes = measured.sizes(workload)
    return math.ceil((sizes.stored_item + (sizes.characters if stack.store_text else 0)) / WRITE_UNIT_BYTES)
