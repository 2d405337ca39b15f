"""Draws the power tuning and the comparison."""

from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tools.estimate.cost.report import Report
from tools.estimate.cost.usage import HOURS_PER_MONTH

OURS, OTHER, BASELINE, QUIET = "#1a66b3", "#2a9d8f", "#c8553d", "#999999"
TEXTS_PER_DAY = [10 ** (exponent / 4) for exponent in range(12, 25)]  # a thousand to a million


def draw(report: Report, file: Path) -> None:
    """Write a PNG with three panels: cost and time by memory, then cost by traffic."""
    figure = Figure(figsize=(16, 4.8), layout="constrained")
    cost, time, traffic = figure.subplots(1, 3)
    _tuning(report, cost, time)
    _comparison(report, traffic)
    file.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(file, dpi=110)


def _tuning(report: Report, cost: Axes, time: Axes) -> None:
    for sizes, colour, label in (
        (report.sizes[report.stack.architecture], OURS, f"this stack, {report.stack.architecture}"),
        (report.baseline_sizes, BASELINE, "the baseline"),
    ):
        fitting = [size for size in sizes if size.fits]
        memory = [size.memory_mb for size in fitting]
        cost.plot(memory, [s.usd_per_million for s in fitting], color=colour, marker="o", markersize=4, label=label)
        time.plot(memory, [s.batch_ms for s in fitting], color=colour, marker="o", markersize=4, label=label)
    best = report.advice
    chosen = {"cheapest": best.cheapest, "fast and cheap": best.balanced, "fastest": best.fastest}
    for axes, value in ((cost, "usd_per_million"), (time, "batch_ms")):
        for name, size in chosen.items():
            point = (size.memory_mb, getattr(size, value))
            text = f"{name}\n{size.memory_mb:,} MB"
            axes.annotate(text, point, textcoords="offset points", xytext=(0, 9), ha="center", fontsize=8)
        axes.set(xlabel="memory, MB", xlim=(0, 3400))
        axes.set_ylim(bottom=0)
        axes.grid(alpha=0.3)
        axes.legend(loc="center right", fontsize=8)
    cost.set(title="Cost of Lambda alone", ylabel="USD for a million texts")
    time.set(title=f"Time of a batch of {report.stack.batch_size} ({report.workload})", ylabel="ms")


def _comparison(report: Report, axes: Axes) -> None:
    colours = {"this stack": OURS, "the baseline": BASELINE, "Amazon": QUIET}
    shown = [way for way in report.ways if "promise" not in way.name]
    for way in shown:
        colour = next(colour for name, colour in colours.items() if way.name.startswith(name))
        if way.name.startswith("this stack") and way is not report.ways[0]:
            colour = OTHER
        millions = [way.monthly(day / 24) / (day / 24 * HOURS_PER_MONTH) * 1e6 for day in TEXTS_PER_DAY]
        style = "--" if "nothing" in way.name else "-"
        axes.plot(TEXTS_PER_DAY, millions, color=colour, linestyle=style, label=way.name)
    axes.set(
        title=f"Cost of the whole stack {report.stack.name}",
        xlabel="texts a day",
        ylabel="USD for a million texts",
        xscale="log",
        yscale="log",
    )
    axes.grid(which="major", alpha=0.3)
    axes.legend(fontsize=8)
