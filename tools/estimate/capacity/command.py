"""`capacity`: the command."""

from pathlib import Path
from typing import Annotated

import typer

from sentiment.errors import CommandError
from sentiment.screen import answers, fitting
from sentiment.target import DEFAULT_STACK

BEFORE_S = 60  # of steady traffic, before the burst


def capacity(
    *,
    rate: Annotated[float, typer.Option(min=0.001, max=1e7, help="Steady rate, in texts a second.")] = 100,
    peak: Annotated[float, typer.Option(min=1, max=1000, help="Rate during the burst, as a multiple of --rate.")] = 5,
    peak_minutes: Annotated[float, typer.Option(min=0.1, max=1440, help="Length of the burst, in minutes.")] = 10,
    stack: Annotated[str, typer.Option(help="Stack to start from.")] = DEFAULT_STACK,
    workload: Annotated[str, typer.Option(help="Workload in measured.json, for the texts' length.")] = "ten_mixed",
    bench: Annotated[Path | None, typer.Option(help="File of `make bench` with the times to use instead.")] = None,
    picture: Annotated[Path | None, typer.Option(help="Also draw to this file; needs locks/pictures.txt.")] = None,
) -> None:
    """Print what a rate and a burst need: concurrency, backlog, drain time, quotas to raise, the next step and cost."""
    from settings import SettingsError
    from tools import pages
    from tools.estimate.capacity.page import blocks
    from tools.estimate.capacity.report import needs_table, notes, rates_table, ways_table
    from tools.estimate.capacity.simulate import Burst
    from tools.estimate.capacity.study import study
    from tools.estimate.cost.measured import Measured, MeasuredError  # these load the program's libraries
    from tools.estimate.cost.stack import read_stack

    traffic = Burst(rate=rate, peak=peak, before_s=BEFORE_S, peak_s=peak_minutes * 60)
    try:
        found = study(read_stack(stack), Measured.read(bench), workload, traffic)
    except (MeasuredError, SettingsError) as error:
        raise CommandError(str(error)) from error
    tables = [fitting(table(found), answers) for table in (ways_table, needs_table, rates_table)]
    for part in (*tables, *notes(found)):
        answers.print(part, highlight=False)
    if picture:
        from tools.estimate.capacity.picture import draw  # matplotlib is no requirement of the tables

        draw(found, picture)
        answers.print(f"Drawn: {picture}", highlight=False, soft_wrap=True)
    if pages.updating():
        pages.write(blocks(found))
