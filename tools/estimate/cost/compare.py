"""Alternatives for the same traffic: the baseline (tools/bench/engines.py), its design's promise, Amazon Comprehend."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

from function.memory import TORCH_LEAST_MB
from tools.estimate.cost import prices
from tools.estimate.cost.measured import PROMISED_AT_MB, Engine, Measured
from tools.estimate.cost.model import bill
from tools.estimate.cost.stack import Stack
from tools.estimate.cost.usage import HOURS_PER_MONTH

PROMISED_MS = (60, 115)  # the baseline's design, "Performance Expectations": a warm text at 512 MB
COMPREHEND = "Amazon Comprehend, its calls alone"
OTHER = {"x86_64": "arm64", "arm64": "x86_64"}


@dataclass(frozen=True)
class Way:
    """One way to classify. `monthly`: items per hour to US dollars a month."""

    name: str
    monthly: Callable[[float], float]


def ways(stack: Stack, measured: Measured, workload: str, *, free_tier: bool = False) -> list[Way]:
    """The ways, this stack first. The baseline's are this stack with another engine and memory."""
    sizes = measured.sizes(workload)
    own = measured.engine("ours" if stack.backend == "onnx" else "torch", workload)
    other = replace(stack, architecture=OTHER[stack.architecture])
    baseline = replace(stack, memory_mb=max(stack.memory_mb, TORCH_LEAST_MB))
    promise = replace(stack, memory_mb=PROMISED_AT_MB)

    def way(name: str, by: Stack, engine: Engine) -> Way:
        return Way(name, lambda rate: bill(by, engine, sizes, rate, free_tier=free_tier).usd)

    found = [
        way(f"this stack ({stack.architecture}, {stack.memory_mb} MB)", stack, own),
        way(f"this stack on {other.architecture}", other, own),
    ]
    if stack.provisioned:
        found.append(way("this stack, nothing kept warm", replace(stack, provisioned=0, provisioned_max=0), own))
    return [
        *found,
        way(f"the baseline ({baseline.memory_mb} MB)", baseline, measured.engine("baseline", workload)),
        *(way(f"the baseline as promised, {ms} ms a text", promise, measured.promised(ms)) for ms in PROMISED_MS),
        Way(COMPREHEND, lambda rate: comprehend_usd(rate * HOURS_PER_MONTH, sizes.characters)),
    ]


def break_even(stack: Way, comprehend: Way) -> float:
    """Texts a day below which Comprehend is cheaper than the stack."""
    low, high = 0.0, 1e6  # texts an hour; at the upper end Comprehend is dearer than any stack
    while high - low > 0.01:
        middle = (low + high) / 2
        low, high = (middle, high) if comprehend.monthly(middle) < stack.monthly(middle) else (low, middle)
    return high * 24


def comprehend_usd(texts: float, characters: float) -> float:
    """US dollars for a number of texts with a number of characters in one month."""
    units = texts * max(prices.COMPREHEND_LEAST_UNITS, math.ceil(characters / prices.COMPREHEND_CHARACTERS))
    usd, below = 0.0, 0.0
    for upto, price in prices.COMPREHEND:
        usd += price.of(max(0.0, min(units, upto) - below))
        below = upto
    return usd
