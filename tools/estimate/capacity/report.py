"""The tables of a study."""

import math
from collections.abc import Iterable, Iterator

from rich.table import Table

from tools.estimate.capacity import quotas
from tools.estimate.capacity.needs import Need
from tools.estimate.capacity.study import Outcome, Study
from tools.estimate.cost.usage import SECONDS_PER_MONTH


def ways_table(study: Study) -> Table:
    traffic = study.traffic
    table = _table(
        f"Stack {study.stack.name} at {traffic.rate:,g} texts a second, {traffic.peak:g} times that for "
        f"{traffic.peak_s / 60:g} minutes. Each step builds on the one before",
        ("step", "at once", "ms", "texts/s", "backlog", "wait", "drained", "USD/M"),
    )
    table.add_column("limit")
    for each in study.outcomes:
        way, trace = each.design, each.trace
        holds = math.isfinite(trace.drain_s)
        table.add_row(
            way.name,
            f"{way.stacks * way.slots_per_stack:,.0f}",
            f"{way.batch_s * 1000:,.0f}",
            f"{way.most:,.0f}",
            _count(trace.deepest) if holds else "grows",
            duration(trace.longest_wait_s) if holds else "grows",
            duration(trace.drain_s),
            _per_million(each, traffic.rate),
            way.ends_at,
            style="bold" if way.name == study.chosen.design.name else None,
        )
    return table


def needs_table(study: Study) -> Table:
    table = _table(f"Quotas for {study.chosen.design.name}", ("quota", "steady", "peak", "default", "per"))
    table.add_column("")
    for need in study.needs:
        figures = (f"{figure:,.0f}" for figure in (need.steady, need.peak, need.quota.value))
        table.add_row(need.quota.name, *figures, need.quota.scope, _verdict(need))
    return table


def rates_table(study: Study) -> Table:
    table = _table("Other rates, with the same burst", ("texts/s", "at once", "peak", "wait", "USD a month", "USD/M"))
    table.add_column("step")
    table.add_column("quotas to raise")
    for traffic, each, needed in study.by_rate:
        way = each.design
        table.add_row(
            f"{traffic.rate:,.0f}",
            f"{way.slots(traffic.rate):,.1f}",
            f"{way.slots(traffic.rate * traffic.peak):,.0f}",
            duration(each.trace.longest_wait_s),
            f"{each.usd:,.0f}",
            _per_million(each, traffic.rate),
            way.name,
            "; ".join(f"{need.quota.name} to {need.peak:,.0f}" for need in needed if need.exceeded) or "none",
        )
    return table


def _table(title: str, heads: Iterable[str]) -> Table:
    """A table whose first column holds words and the others numbers."""
    table = Table(title=title, title_justify="left")
    for index, head in enumerate(heads):
        table.add_column(head, justify="right" if index else "left", no_wrap=True)
    return table


def _verdict(need: Need) -> str:
    if not need.exceeded:
        return "enough"
    return "[bold]ask for more[/]" if need.quota.raisable else "[bold red]divide[/]"


def notes(study: Study) -> Iterator[str]:
    measured = study.measured.content
    yield (
        "at once: concurrent batches; ms: time of a full batch when warm; backlog, wait: maximum during the burst; "
        "drained: time after the burst. The batch window and cold starts are not included."
    )
    chosen = {study.traffic.rate: study.chosen} | {traffic.rate: each for traffic, each, _ in study.by_rate}
    for rate, each in sorted(chosen.items()):
        if each.design.name != study.outcomes[0].design.name:
            yield f"Keys for {rate:,.10g} texts a second: {each.design.keys}."
    yield f"Times are estimates from {measured['source']} ({measured['date']}), workload {study.workload}."
    yield (
        f"While messages wait, Lambda adds {quotas.POLLERS_PER_MINUTE.value:g} concurrent batches a minute, or "
        f"{quotas.PROVISIONED_PER_MINUTE.value:,g} with provisioned pollers. We assume that it removes idle ones "
        "immediately."
    )
    yield "Costs are for the steady rate, at list prices without volume discounts, with full requests to SQS."
    yield (
        f"Warm the table before a launch: a new one takes {quotas.NEW_TABLE_WRITES.value:,g} write units a second, and "
        "can double that every 30 minutes. If AWS does not raise a quota far enough, use more regions; each has "
        "its own."
    )
    used = {need.quota.name: need.quota for _, _, needed in study.by_rate for need in needed}
    for quota in (*used.values(), quotas.POLLERS_PER_MINUTE, quotas.PROVISIONED_PER_MINUTE, quotas.NEW_TABLE_WRITES):
        star = "" if quota.checked else ", from memory"
        yield f"  {quota.name}: {quota.value:,.0f} per {quota.scope} ({quota.source}; {quota.as_of}{star})"


def duration(seconds: float) -> str:
    if not math.isfinite(seconds):
        return "never"
    if seconds < 120:
        return f"{seconds:,.0f} s"
    return f"{seconds / 60:,.0f} min" if seconds < 7200 else f"{seconds / 3600:,.1f} h"


def _count(texts: float) -> str:
    return f"{texts:,.0f}" if texts < 1e6 else f"{texts / 1e6:,.1f} M"


def _per_million(each: Outcome, rate: float) -> str:
    return f"{each.usd / (rate * SECONDS_PER_MONTH) * 1e6:,.2f}" if math.isfinite(each.usd) else "-"
