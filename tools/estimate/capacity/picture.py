"""Draws a study: backlog and concurrency through the burst, and how the longest wait grows with the rate."""

from dataclasses import replace
from math import isfinite
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tools.estimate.capacity.report import duration
from tools.estimate.capacity.simulate import simulate
from tools.estimate.capacity.study import AFTER_S, Study

COLOURS = ("#999999", "#c8553d", "#e2a379", "#2a9d8f", "#1a66b3", "#6a4c93")
RATES = [10 ** (exponent / 4) for exponent in range(4, 25)]  # ten to a million texts a second
LEAST_S = 0.1  # shorter waits are drawn as this: the batch itself takes longer


def draw(study: Study, file: Path) -> None:
    """Write a PNG."""
    figure = Figure(figsize=(17, 5), layout="constrained")
    backlog, slots, waits = figure.subplots(1, 3)
    _through_the_burst(study, backlog, slots)
    _by_rate(study, waits)
    file.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(file, dpi=100)


def _through_the_burst(study: Study, backlog: Axes, slots: Axes) -> None:
    end_s = study.traffic.end_s + AFTER_S
    for each, colour in zip(study.outcomes, COLOURS, strict=False):
        steps = [step for step in each.trace.steps if step.second <= end_s]
        minutes = [step.second / 60 for step in steps]
        drained = f"drained after {duration(each.trace.drain_s)}" if isfinite(each.trace.drain_s) else "never drained"
        label = f"{each.design.name} ({drained})"
        backlog.plot(minutes, [step.backlog for step in steps], color=colour, label=label)
        slots.plot(minutes, [step.slots for step in steps], color=colour, label=each.design.name)
    traffic = study.traffic
    rate = f"{traffic.rate:,g} texts a second, {traffic.peak:g} times that for {traffic.peak_s / 60:g} minutes"
    backlog.set(title=f"{rate}\nwaiting texts", xlabel="minutes", yscale="symlog")
    slots.set(title="concurrent batches that Lambda is ready to run", xlabel="minutes", yscale="log")
    for axes in (backlog, slots):
        axes.axvspan(traffic.before_s / 60, traffic.end_s / 60, color="#eeeeee", zorder=0)
        axes.grid(alpha=0.3)
    backlog.legend(fontsize=7)


def _by_rate(study: Study, axes: Axes) -> None:
    for each, colour in zip(study.outcomes, COLOURS, strict=False):
        rates = [rate for rate in RATES if each.design.most > rate]
        traces = [simulate(each.design, replace(study.traffic, rate=rate), AFTER_S) for rate in rates]
        waits = np.maximum([trace.longest_wait_s for trace in traces], LEAST_S)
        axes.plot(rates, waits, color=colour, marker=".", label=f"{each.design.name}: at most {each.design.most:,.0f}")
    axes.set(
        title="the same burst at other rates:\nlongest wait in seconds",
        xlabel="steady rate, texts a second",
        xscale="log",
        yscale="log",
    )
    axes.grid(alpha=0.3)
    axes.legend(fontsize=7)
