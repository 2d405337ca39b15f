"""Times batches: all engines in turn, round after round, so that a busy machine slows them equally."""

import math
import random
import statistics
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from tools.bench.engines import BASELINE, LIMIT, Engine, engines
from tools.bench.peers import NAMES, OURS, SINGLY
from tools.bench.workloads import SEED, WORKLOADS, Workload
from tools.percentile import percentile


def measured(
    source: Path, model_dir: Path, rounds: int, warm: bool, others: Mapping[str, Engine] | None = None
) -> dict[str, dict[str, float]]:
    """Figures by workload; see `figures`. With `warm`, a first round is not counted; `others` run beside ours."""
    ready = engines(source, model_dir) | dict(others or {})
    found = {}
    with Progress(console=Console(file=sys.stderr), transient=True) as progress:
        task = progress.add_task("", total=len(WORKLOADS))
        for workload in WORKLOADS:
            progress.update(task, description=f"{workload.name}, {len(ready)} engines")
            found[workload.name] = figures(workload, _rounds(workload, ready, rounds, warm))
            progress.advance(task)
    return found


def _rounds(workload: Workload, ready: Mapping[str, Engine], rounds: int, warm: bool) -> dict[str, list[list[float]]]:
    """Milliseconds by engine: for each batch, all its rounds."""
    calls = [
        {
            name: engine(texts, sum(lengths))
            for name, engine in ready.items()
            # A single text has one way only; a second call in a row would find the weights in the cache.
            if len(texts) > 1 or not name.endswith(SINGLY)
        }
        for texts, lengths in zip(workload.batches(), workload.lengths, strict=True)
    ]
    took: dict[str, list[list[float]]] = {name: [[] for _ in calls] for name in calls[0]}
    order = random.Random(SEED)
    for turn in range(rounds + warm):
        for batch, by_engine in enumerate(calls):
            for name, call in order.sample(list(by_engine.items()), len(by_engine)):
                began = time.perf_counter()
                call()
                if turn >= warm:
                    took[name][batch].append((time.perf_counter() - began) * 1000)
    return took


def figures(workload: Workload, took: Mapping[str, Sequence[Sequence[float]]]) -> dict[str, float]:
    """The median and 95th percentile of each engine's calls, ms; ratios are medians over adjacent runs.

    Args:
        took: milliseconds by engine, for each batch of the workload all its rounds.
    """
    calls = {name: [ms for batch in batches for ms in batch] for name, batches in took.items()}
    found = {"items": float(workload.items), "tokens": workload.tokens}
    for name, times in calls.items():
        found[f"{name}_ms"] = statistics.median(times)
        found[f"{name}_p95_ms"] = percentile(times, 0.95)
    found["ours_item_ms"] = found["ours_ms"] / workload.items
    found["ours_items_per_s"] = workload.items / statistics.mean(calls[OURS]) * 1000
    found["baseline_over_ours"] = _ratio(calls[BASELINE], calls[OURS])
    found["ours_over_limit"] = _ratio(calls[OURS], calls[LIMIT])
    for name in NAMES:
        if name in calls:
            better = min((name, f"{name}{SINGLY}"), key=lambda way: found.get(f"{way}_ms", math.inf))
            found[f"{name}_best_ms"] = found[f"{better}_ms"]
            found[f"{name}_over_ours"] = _ratio(calls[better], calls[OURS])
    return {name: round(value, 3) for name, value in found.items()}


def _ratio(these: Sequence[float], those: Sequence[float]) -> float:
    return statistics.median(a / b for a, b in zip(these, those, strict=True))
