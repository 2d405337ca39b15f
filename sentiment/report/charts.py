"""Draws the figures as SVG, which takes its width, font and text colour from the page."""

import io
import re
from collections.abc import Callable, Sequence
from datetime import UTC
from itertools import pairwise
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter, date2num
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from sentiment.report.figures import Figures

INK = "#012345"  # a placeholder for the page's text colour, currentColor in SVG
INKED = "text.color", "axes.edgecolor", "axes.labelcolor", "xtick.color", "ytick.color", "grid.color"
STYLE: dict[Any, Any] = {
    **dict.fromkeys(INKED, INK),
    "svg.fonttype": "none",
    "axes.grid": True,
    "grid.alpha": 0.15,
    "axes.spines.top": False,
    "axes.spines.right": False,
}
NO_METADATA = dict.fromkeys(("Creator", "Date", "Format", "Type"))
INCHES = 4.8, 2.4  # narrow, so that the letters remain legible on a phone
REST = "#8a8a8a"  # the colour of the labels without one of their own


def draw(figures: Figures, colours: dict[str, str]) -> dict[str, str]:
    """The charts: SVG by title.

    Args:
        colours: of the labels to show individually, in order.
    """
    starts = figures.span.starts()
    counts = [[figures.counts[label, place] for place in range(len(starts))] for label in colours]
    totals = [0] * len(starts)
    for (_, place), count in figures.counts.items():
        totals[place] += count
    counts.append([total - sum(shown) for total, *shown in zip(totals, *counts, strict=True)])
    shares = [[count / (total or 1) for count, total in zip(row, totals, strict=True)] for row in counts]
    edges = [date2num(moment) for moment in (*starts, figures.span.end)]
    stacked = [*colours.values(), REST]

    def results(axes: Axes) -> None:
        _stack(axes, edges, counts, stacked)
        axes.yaxis.set_major_locator(MaxNLocator("auto", integer=True))
        axes.yaxis.set_major_formatter("{x:,.0f}")

    def share(axes: Axes) -> None:
        _stack(axes, edges, shares, stacked)
        axes.set_ylim(0, 1)
        axes.yaxis.set_major_formatter(PercentFormatter(1))

    def mean(axes: Axes) -> None:
        middles = [(begin + end) / 2 for begin, end in pairwise(edges)]
        for label, colour in colours.items():
            scores = [figures.mean(label, place) for place in range(len(starts))]
            axes.plot(middles, scores, color=colour, linewidth=1.2, marker=".", markersize=4)
        axes.set_xlim(edges[0], edges[-1])

    each = figures.span.bucket
    return {
        title: _svg(draw_one, name)
        for name, title, draw_one in (
            ("results", f"Results per {each}", results),
            ("share", f"Share of each label per {each}", share),
            ("mean", f"Mean score of each label per {each}", mean),
        )
    }


def _stack(axes: Axes, edges: Sequence[float], rows: Sequence[Sequence[float]], colours: Sequence[str]) -> None:
    axes.stackplot(edges, [[*row, row[-1]] for row in rows], colors=colours, step="post", linewidth=0)
    axes.set_ylim(0, None)


def _svg(draw_one: Callable[[Axes], None], name: str) -> str:
    """A chart whose ids do not clash with those of others on the page."""
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=INCHES, layout="constrained")
        axes = figure.subplots()
        draw_one(axes)
        axes.margins(x=0)
        locator = AutoDateLocator(tz=UTC, minticks=3, maxticks=8)
        axes.xaxis.set_major_locator(locator)
        axes.xaxis.set_major_formatter(ConciseDateFormatter(locator, tz=UTC))
        file = io.StringIO()
        figure.savefig(file, format="svg", transparent=True, metadata=NO_METADATA)
    _, begin, drawing = file.getvalue().partition("<svg ")
    unique = re.sub(r'( id="|url\(#|href="#)', rf"\g<1>{name}-", begin + drawing)
    return unique.replace(INK, "currentColor")
