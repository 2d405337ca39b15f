"""Draws the figures of a run."""

import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tools.bench.report import PEERS, TITLES

ENGINES = {  # colour and name
    "baseline": ("#c8553d", "baseline: torch fp32, one text at a time"),
    "torch_batched": ("#e2a379", "torch fp32, batched"),
    "ours": ("#1a66b3", "ours"),
    "limit": ("#bbbbbb", "limit: int8 matrix products only"),
}


def draw(found: Mapping[str, Any], file: Path) -> None:
    """Write a PNG: times by workload, our time over the limit, peers over ours, the cold start by steps."""
    figure = Figure(figsize=(16, 9), layout="constrained")
    (times, ratio), (peers, start) = figure.subplots(2, 2, width_ratios=[1.6, 1])
    _times(found["workloads"], times)
    _ratios(found["workloads"], ratio)
    _start(found, start)
    if "peers" in found:
        _peers(found["workloads"], peers)
    else:
        peers.set_axis_off()
    file.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(file, dpi=110)


def _times(workloads: Mapping[str, Any], axes: Axes) -> None:
    for index, (engine, (colour, label)) in enumerate(ENGINES.items()):
        at = [row + (index - 1.5) * 0.2 for row in range(len(workloads))]
        axes.bar(at, [times[f"{engine}_ms"] for times in workloads.values()], width=0.2, color=colour, label=label)
    for row, times in enumerate(workloads.values()):
        above = (row - 0.3, times["baseline_ms"] * 1.08)
        axes.annotate(f"{times['baseline_over_ours']:.1f}x", above, ha="center", fontsize=8)
    axes.set_xticks(range(len(workloads)), [textwrap.fill(TITLES[name], 10) for name in workloads], fontsize=8)
    axes.set(title="Time of a call on one core", ylabel="ms (log scale)", yscale="log")
    axes.legend(fontsize=8, loc="upper left")
    axes.grid(axis="y", alpha=0.3)


def _ratios(workloads: Mapping[str, Any], axes: Axes) -> None:
    names = list(workloads)[::-1]
    values = [workloads[name]["ours_over_limit"] for name in names]
    axes.barh([TITLES[name] for name in names], values, color=ENGINES["ours"][0])
    for row, value in enumerate(values):
        axes.annotate(f"{value:.2f}", (value, row), xytext=(-4, 0), textcoords="offset points", ha="right", color="w")
    axes.axvline(1, color="#444444", linewidth=1)
    axes.set(title="Our time as a multiple of the limit")


def _peers(workloads: Mapping[str, Any], axes: Axes) -> None:
    for index, (peer, label) in enumerate(PEERS.items()):
        at = [row + (index - 0.5) * 0.4 for row in range(len(workloads))]
        values = [times[f"{peer}_over_ours"] for times in workloads.values()]
        bars = axes.bar(at, values, width=0.4, color=("#7a9a5b", "#b8a13c")[index], label=label)
        axes.bar_label(bars, fmt="%.2f", fontsize=8)
    axes.axhline(1, color=ENGINES["ours"][0], linewidth=1.5, label="ours")
    axes.set_xticks(range(len(workloads)), [textwrap.fill(TITLES[name], 10) for name in workloads], fontsize=8)
    axes.set(title="The peers' time as a multiple of ours, all in int8 (above 1, ours is faster)")
    axes.legend(fontsize=8, loc="upper left")


def _start(found: Mapping[str, Any], axes: Axes) -> None:
    left = 0.0
    for name, seconds in found["steps_s"].items():
        axes.barh(["ours, by step"], [seconds], left=left, label=name)
        left += seconds
    for name in ("ours", "baseline"):
        seconds, peak = found["cold_start_s"][name], found["peak_rss_mb"][name]
        axes.barh([f"{name}, total"], [seconds], color=ENGINES[name][0])
        axes.annotate(f" {seconds:.2f} s, {peak:.0f} MB", (seconds, f"{name}, total"), va="center", fontsize=8)
    axes.set(title="Cold start and peak memory", xlabel="seconds from the process's start to its first answer")
    axes.set_xlim(right=max(found["cold_start_s"].values()) * 1.5)
    axes.legend(fontsize=7, loc="lower right")
