"""Reports the injected faults and their effects, for a terminal, for the pages and as JSON."""

import json
from collections import Counter
from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from tools import pages
from tools.chaos.scenario import Outcome

HEADINGS = ("scenario", "faults", "sent", "stored", "dead-lettered", "both", "lost", "duplicated", "overwritten", "s")
CAPTION = "both: stored, and given up by SQS before it could be deleted; a redrive of that copy changes nothing."
SHOWN = 3  # of what went wrong, each


def show_one(outcome: Outcome, console: Console) -> None:
    account, seen = outcome.account, outcome.seen
    mark = "[green]good[/]" if outcome.good else "[bold red]BAD[/]"
    console.print(f"[bold]{outcome.name}[/]: {mark}, {outcome.seconds:.1f} s", highlight=False)
    console.print(f"  injected  {_listed(seen.hits) or 'nothing'}", highlight=False)
    parts = [
        f"{seen.invocations} invocations" if seen.invocations else "",
        _listed(seen.errors),
        f"{seen.redeliveries} redeliveries" if seen.redeliveries else "",
        f"{seen.absorbed} writes absorbed" if seen.absorbed else "",
        f"dead letters: {_listed(seen.reasons)}" if seen.reasons else "",
        f"{account.copies} of them copies" if account.copies else "",
        *(f"{what}: {value}" for what, value in seen.notes.items()),
    ]
    console.print(f"  seen      {'; '.join(part for part in parts if part)}", highlight=False, markup=False)
    for what in ("lost", "duplicated", "overwritten"):
        for text in getattr(account, what)[:SHOWN]:
            console.print(f"  {what}  {text}", style="red", markup=False)
    for complaint in outcome.complaints:
        console.print(f"  not seen  {complaint}", style="red", markup=False)


def show_all(outcomes: Sequence[Outcome], console: Console) -> None:
    console.print(_table(outcomes))
    for name, value in totals(outcomes).items():
        console.print(f"{name.replace('_', ' '):24}{value:>7}", highlight=False)
    bad_ones = [outcome.name for outcome in outcomes if not outcome.good]
    console.print(
        f"[bold red]Not good: {', '.join(bad_ones)}.[/]" if bad_ones else "[green]Every message is accounted for.[/]"
    )


def blocks(outcomes: Sequence[Outcome]) -> dict[str, str]:
    """The blocks for docs/reliability.md and README."""
    here = pages.measured_here()
    found = ", ".join(f"{value:,} {name.replace('_', ' ')}" for name, value in totals(outcomes).items())
    return {
        "chaos": f"{here}: {found}.\n\n{pages.markdown(_table(outcomes))}\n\n{CAPTION}",
        "chaos-figure": f"{found} ({here.partition(',')[0]})",
    }


def _table(outcomes: Sequence[Outcome]) -> Table:
    table = Table(title="Every message's end", title_justify="left", caption=CAPTION, caption_justify="left")
    for heading in HEADINGS:
        table.add_column(heading, justify="left" if heading == "scenario" else "right")
    for outcome in outcomes:
        account = outcome.account
        bad = [len(account.lost), len(account.duplicated), len(account.overwritten)]
        row = [outcome.seen.hits.total(), account.sent, account.stored, account.dead_lettered, account.both, *bad]
        table.add_row(outcome.name, *map(str, row), f"{outcome.seconds:.0f}", style=None if outcome.good else "red")
    return table


def totals(outcomes: Sequence[Outcome]) -> dict[str, int]:
    accounts = [outcome.account for outcome in outcomes]
    return {
        "faults_injected": sum(outcome.seen.hits.total() for outcome in outcomes),
        "messages_through_them": sum(account.sent for account in accounts),
        "stored": sum(account.stored for account in accounts),
        "dead_lettered": sum(account.dead_lettered for account in accounts),
        "lost": sum(len(account.lost) for account in accounts),
        "duplicated_in_effect": sum(len(account.duplicated) for account in accounts),
        "overwritten_by_older": sum(len(account.overwritten) for account in accounts),
    }


def as_json(outcomes: Sequence[Outcome]) -> str:
    scenarios: list[dict[str, Any]] = [
        {**vars(each), "good": each.good, "account": vars(each.account), "seen": vars(each.seen)} for each in outcomes
    ]
    return json.dumps({"totals": totals(outcomes), "scenarios": scenarios}, indent=2) + "\n"


def _listed(counts: Counter[str]) -> str:
    return ", ".join(f"{count} x {what}" for what, count in sorted(counts.items()))
