"""What a run says of itself: tables for a terminal and for the page, and all figures as JSON."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from rich.table import Table

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
        where, clock: of the pipeline, in words.
        ceiling: of the embedded cloud, where there is one and it was measured.
        missed: objectives, in words.
        samples: every second; `usage` tells how much the processes used between them.
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


def table(of: Report) -> Table:
    shown = Table(title=of.title, title_justify="left", show_header=False)
    for name, value in _rows(of):
        shown.add_row(f"[bold]{name}[/]", value)
    return shown


def _rows(of: Report) -> Iterator[tuple[str, str]]:
    found, share = of.figures, of.figures.latency_ms
    yield "where", of.where
    yield (
        "sent",
        f"{found.sent:,} texts; {found.late:,} began more than {LATE_S * 1000:.0f} ms late"
        + (f", the latest {found.latest_s:.2f} s" if found.late else ""),
    )
    yield (
        "became of them",
        f"{found.stored:,} stored, {found.lost} lost, {found.duplicated} duplicated, {found.dead} dead-lettered, "
        f"{found.unsent} not taken by SQS",
    )
    yield "latency, due to stored", ", ".join(f"{name} {value:,.0f} ms" for name, value in share.items())
    yield "stored at", of.clock
    yield "throughput", f"{found.throughput:.1f} texts a second, until the last was stored"
    yield "backlog", f"{found.deepest:,} texts at most, the oldest {found.oldest_s:.1f} s old"
    if found.cold_starts is not None:
        yield "cold starts", f"{found.cold_starts}, the slowest {found.cold_start_s:.2f} s"
    for name, cores in found.cores.items():
        memory = f", {found.peak_mb[name]:,.0f} MB at most" if name in found.peak_mb else ""
        yield name, f"{cores:.2f} cores while sending{memory}"
    if of.ceiling:
        yield (
            "embedded cloud alone",
            f"{of.ceiling.rate:,.0f} texts a second at {of.ceiling.busy:.2f} cores: "
            f"{of.ceiling.per_core:,.0f} if it had a core to itself, and more it cannot use",
        )
    yield "load average", f"{found.load_average:.1f} in the last minute of sending"


def verdict(of: Report) -> str:
    if of.missed:
        return "\n".join(["[bold red]Missed:[/]", *(f"  {each}" for each in of.missed)])
    return "[green]Every objective is met, every text accounted for.[/]"


def as_json(of: Report) -> dict[str, Any]:
    """What can be compared between runs; NaN becomes null, as JSON has none."""
    series = {name: _list(values) for name, values in asdict(of.series).items() if name != "percentiles_ms"}
    by_share = {name: _list(values) for name, values in of.series.percentiles_ms.items()}
    return {
        "date": of.date,
        "where": of.where,
        "clock": of.clock,
        "plan": asdict(of.plan),
        "figures": {**asdict(of.figures), "latency_ms": {k: _number(v) for k, v in of.figures.latency_ms.items()}},
        "ceiling": asdict(of.ceiling) if of.ceiling else None,
        "objectives": asdict(of.objectives),
        "missed": list(of.missed),
        "series": {**series, "percentiles_ms": by_share},
        "samples": [{**asdict(sample), "at": _number(sample.at - of.started_at)} for sample in of.samples],
    }


def _list(values: Any) -> list[float | None]:
    return [_number(float(value)) for value in values]


def _number(value: float) -> float | None:
    return round(value, 3) if math.isfinite(value) else None
