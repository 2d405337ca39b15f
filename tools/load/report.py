"""The report of a run: tables for a terminal and for the page, and all figures as JSON."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from rich.table import Table

from tools import pages
from tools.load.ceiling import Ceiling
from tools.load.figures import Figures, Series
from tools.load.ledger import LATE_S
from tools.load.objectives import Objectives
from tools.load.plan import Plan
from tools.load.samples import Sample


@dataclass(frozen=True, kw_only=True)
class Report:
    """
    Attributes:
        where, clock: descriptions of the pipeline.
        ceiling: the embedded cloud's, if there is one and it was measured.
        missed: descriptions of the missed objectives.
        samples: one per second; `usage` computes how much the processes used in between.
    """

    started_at: float
    plan: Plan
    where: str
    clock: str
    figures: Figures
    series: Series
    ceiling: Ceiling | None
    objectives: Objectives
    missed: Sequence[str]
    samples: Sequence[Sample]

    @property
    def title(self) -> str:
        plan = self.plan
        return f"{plan.rate:g} texts a second for {plan.duration_s:g} s, {plan.together} in a request"

    @property
    def date(self) -> str:
        return datetime.fromtimestamp(self.started_at, UTC).strftime("%Y-%m-%d %H:%M UTC")


def table(report: Report) -> Table:
    shown = Table(title=report.title, title_justify="left", show_header=False)
    for name, value in _rows(report):
        shown.add_row(f"[bold]{name}[/]", value)
    return shown


def _rows(report: Report) -> Iterator[tuple[str, str]]:
    found, share = report.figures, report.figures.latency_ms
    yield "where", report.where
    yield (
        "sent",
        f"{found.sent:,} texts; {found.late:,} began more than {LATE_S * 1000:.0f} ms late"
        + (f", the latest {found.latest_s:.2f} s" if found.late else ""),
    )
    yield (
        "outcome",
        f"{found.stored:,} stored, {found.lost} lost, {found.duplicated} duplicated, {found.dead} dead-lettered, "
        f"{found.unsent} not taken by SQS",
    )
    yield "latency, due to stored", ", ".join(f"{name} {value:,.0f} ms" for name, value in share.items())
    yield "stored at", report.clock
    yield "throughput", f"{found.throughput:.1f} texts a second, until the last was stored"
    yield "backlog", f"{found.deepest:,} texts at most, the oldest {found.oldest_s:.1f} s old"
    if found.cold_starts is not None:
        yield "cold starts", f"{found.cold_starts}, the slowest {found.cold_start_s:.2f} s"
    for name, cores in found.cores.items():
        memory = f", {found.peak_mb[name]:,.0f} MB at most" if name in found.peak_mb else ""
        yield name, f"{cores:.2f} cores while sending{memory}"
    if report.ceiling:
        yield (
            "embedded cloud alone",
            f"{report.ceiling.rate:,.0f} texts a second at {report.ceiling.busy:.2f} cores: "
            f"{report.ceiling.per_core:,.0f} if it had a core to itself, and more it cannot use",
        )
    yield "load average", f"{found.load_average:.1f} in the last minute of sending"


def verdict(report: Report) -> str:
    if report.missed:
        return "\n".join(["[bold red]Missed:[/]", *(f"  {each}" for each in report.missed)])
    return "[green]Every objective is met, every text accounted for.[/]"


def blocks(report: Report) -> dict[str, str]:
    """The blocks for docs/performance.md and README."""
    here, plan, found = pages.measured_here(), report.plan, report.figures
    return {
        "load": f"{here}.\n\n{pages.markdown(table(report))}",
        "load-figure": f"{plan.rate:g} texts a second for {plan.duration_s:g} s: {found.stored:,} stored, "
        f"{found.lost} lost, {found.duplicated} duplicated, p95 {found.latency_ms['p95']:,.0f} ms "
        f"({here.partition(',')[0]})",
    }


def as_json(report: Report) -> dict[str, Any]:
    """The figures to compare between runs; NaN becomes null, because JSON has no NaN."""
    series = {name: _list(values) for name, values in asdict(report.series).items() if name != "percentiles_ms"}
    latency_ms = {name: _number(value) for name, value in report.figures.latency_ms.items()}
    by_share = {name: _list(values) for name, values in report.series.percentiles_ms.items()}
    return {
        "date": report.date,
        "where": report.where,
        "clock": report.clock,
        "plan": asdict(report.plan),
        "figures": {**asdict(report.figures), "latency_ms": latency_ms},
        "ceiling": asdict(report.ceiling) if report.ceiling else None,
        "objectives": asdict(report.objectives),
        "missed": list(report.missed),
        "series": {**series, "percentiles_ms": by_share},
        "samples": [{**asdict(sample), "at": _number(sample.at - report.started_at)} for sample in report.samples],
    }


def _list(values: Any) -> list[float | None]:
    return [_number(float(value)) for value in values]


def _number(value: float) -> float | None:
    return round(value, 3) if math.isfinite(value) else None
