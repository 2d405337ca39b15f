"""`python -m tools.estimate.cost`: prints a stack's cost, its alternatives, and the best memory size."""

import argparse
import sys
from pathlib import Path

from rich.console import Console

from tools import pages
from tools.estimate.cost.measured import Measured
from tools.estimate.cost.page import blocks
from tools.estimate.cost.report import bill_table, comparison_table, notes, report, tuning_table
from tools.estimate.cost.stack import read_stack

WIDTH = 120


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.estimate.cost", description=__doc__)
    parser.add_argument("--stack", default="dev", help="stack to estimate, by its Pulumi.<stack>.yaml (default: dev)")
    parser.add_argument("--items-per-hour", type=float, default=500, help="texts an hour, steadily (default: 500)")
    parser.add_argument("--workload", default="ten_mixed", help="workload in measured.json (default: ten_mixed)")
    parser.add_argument("--bench", type=Path, help="file of `make bench` with times that override measured.json")
    parser.add_argument("--free-tier", action="store_true", help="subtract AWS's permanent free tier")
    parser.add_argument("--picture", type=Path, help="also draw to this file; needs locks/pictures.txt")
    options = parser.parse_args(arguments)
    console = Console(width=None if sys.stdout.isatty() else WIDTH, highlight=False)
    try:
        measured = Measured.read(options.bench)
        found = report(read_stack(options.stack), measured, options.workload, options.items_per_hour, options.free_tier)
    except (ValueError, OSError) as error:
        console.print(f"[bold red]error:[/] {error}")
        return 2
    for part in (bill_table(found), comparison_table(found), tuning_table(found), *notes(found)):
        console.print(part)
    if options.picture:
        from tools.estimate.cost.picture import draw  # here, since matplotlib is no requirement of the tables

        draw(found, options.picture)
        console.print(f"Drawn: {options.picture}")
    if pages.updating():
        pages.write(blocks(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
