"""`load`: the command and its options."""

from pathlib import Path
from typing import Annotated

import typer

from sentiment.cli import new_app, run
from sentiment.target import DEFAULT_STACK
from tools.load.plan import Kind, Plan, usual_together


def load(
    *,
    rate: Annotated[float, typer.Option(min=0.01, help="Texts a second.")] = 100,
    duration: Annotated[float, typer.Option(min=0.1, help="Seconds.")] = 600,
    together: Annotated[
        int | None, typer.Option(min=1, max=10, help="Texts per request; default: for about ten requests a second.")
    ] = None,
    stack: Annotated[str, typer.Option(help="Stack to run locally, or to load with --deployed.")] = DEFAULT_STACK,
    deployed: Annotated[
        bool, typer.Option("--deployed", help="Load the deployed stack, or a running `make local`.")
    ] = False,
    model: Annotated[Path | None, typer.Option(help="Folder of the model to run locally; default: the demo's.")] = None,
    texts: Annotated[
        Kind | None, typer.Option(help="Kind of texts; default: sentences, or words for the full-size model.")
    ] = None,
    senders: Annotated[int, typer.Option(min=1, max=256, help="Concurrent requests to SQS.")] = 16,
    patience: Annotated[float, typer.Option(min=0, help="Seconds to wait for the queue to drain.")] = 600,
    ceiling_seconds: Annotated[
        float, typer.Option(min=0, help="Seconds to measure the embedded cloud alone first; 0 skips it.")
    ] = 10,
    max_p95_ms: Annotated[float, typer.Option(min=0, help="Objective: maximum p95 latency.")] = 2000,
    min_throughput_percent: Annotated[float, typer.Option(min=0, max=100, help="Objective: minimum throughput.")] = 95,
    max_late_percent: Annotated[float, typer.Option(min=0, max=100, help="Objective: maximum texts sent late.")] = 1,
    max_lost: Annotated[int, typer.Option(min=0, help="Objective: maximum texts lost.")] = 0,
    max_duplicated: Annotated[int, typer.Option(min=0, help="Objective: maximum texts duplicated.")] = 0,
    max_dead: Annotated[int, typer.Option(min=0, help="Objective: maximum texts dead-lettered.")] = 0,
    output: Annotated[Path, typer.Option(help="Folder for load.html, load.png and load.json.")] = Path("build"),
) -> None:
    """Send texts at a steady rate and account for every one. Exits with 1 if the run misses an objective."""
    from tools.load.objectives import Objectives  # these load numpy, and the program's libraries
    from tools.load.session import load_test

    report = load_test(
        Plan(rate=rate, duration_s=duration, together=together or usual_together(rate)),
        Objectives(
            max_p95_ms=max_p95_ms,
            min_throughput_percent=min_throughput_percent,
            max_late_percent=max_late_percent,
            max_lost=max_lost,
            max_duplicated=max_duplicated,
            max_dead=max_dead,
        ),
        stack=stack,
        deployed=deployed,
        model=model,
        kind=texts,
        senders=senders,
        patience_s=patience,
        ceiling_s=ceiling_seconds,
        output=output,
    )
    if report.missed:
        raise typer.Exit(1)


def main() -> int:
    app = new_app()
    app.command()(load)
    return run(app, "load")
