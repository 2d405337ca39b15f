"""`make chaos`: injects faults around the function, and accounts for every message."""

import argparse
import os
import time
from pathlib import Path

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from sentiment import screen
from tools import pages
from tools.chaos import report
from tools.chaos.suite import SCENARIOS, outcomes

RESULT = Path("build/chaos.json")
MESSAGES, QUICK_MESSAGES = 300, 40


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.chaos", description=__doc__)
    parser.add_argument("--quick", action="store_true", help=f"{QUICK_MESSAGES} messages per scenario, not {MESSAGES}")
    parser.add_argument("--only", default="", metavar="WORDS", help="scenarios whose name contains these words")
    parser.add_argument("--jobs", type=_jobs, default=os.cpu_count() or 2, help="concurrent scenarios (default: cores)")
    parser.add_argument("--output", type=Path, default=RESULT, help=f"file for the figures (default: {RESULT})")
    options = parser.parse_args(arguments)
    names = [name for name in SCENARIOS if options.only in name]
    if not names:
        parser.error(f"--only: {options.only!r} is in no scenario's name; they are:\n  " + "\n  ".join(SCENARIOS))
    console, began = screen.console(), time.monotonic()
    found = []
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        for outcome in progress.track(
            outcomes(names, QUICK_MESSAGES if options.quick else MESSAGES, options.jobs),
            total=len(names),
            description="scenarios",
        ):
            found.append(outcome)
            report.show_one(outcome, console)
    found.sort(key=lambda outcome: names.index(outcome.name))
    report.show_all(found, console)
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text(report.as_json(found))
    if pages.updating():
        pages.write(report.blocks(found))
    console.print(f"Took {time.monotonic() - began:.0f} s. Figures: {options.output}")
    return 0 if all(outcome.good for outcome in found) else 1


def _jobs(given: str) -> int:
    if not (given.isdecimal() and int(given) > 0):
        raise argparse.ArgumentTypeError(f"{given!r} must be a whole number of at least 1")
    return int(given)
