"""`load`: the command."""

import json
import time
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from function.manifest import ModelError
from local.program import ROOT
from local.stack import DEMO_MODEL
from sentiment.errors import CommandError
from sentiment.load.ceiling import Ceiling, ceiling
from sentiment.load.figures import figures, moments, series
from sentiment.load.ledger import Ledger
from sentiment.load.objectives import Objectives, missed
from sentiment.load.pipeline import Pipeline, deployed, local_pipeline
from sentiment.load.plan import Plan, usual_together
from sentiment.load.report import Report, as_json, table, verdict
from sentiment.load.run import Run, run_load
from sentiment.load.samples import Sampler, usage
from sentiment.load.texts import Kind, pool
from sentiment.screen import answers, notes
from sentiment.target import DEFAULT_STACK, PLACES, find
from settings import SettingsError

BUILD = ROOT / "build"
COLUMNS = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[state]}"), TimeRemainingColumn())


def load(
    *,
    rate: Annotated[float, typer.Option(min=0.01, help="Texts a second.")] = 100,
    duration: Annotated[float, typer.Option(min=0.1, help="Seconds.")] = 600,
    together: Annotated[
        int | None, typer.Option(min=1, max=10, help="Texts in a request; default: for about ten requests a second.")
    ] = None,
    stack: Annotated[str, typer.Option(help="Which stack's settings to run here, or which to find.")] = DEFAULT_STACK,
    remote: Annotated[
        bool, typer.Option("--deployed", help="Load the stack that is deployed, or a running `make local`.")
    ] = False,
    model: Annotated[Path, typer.Option(help="Folder of the model to run here.")] = DEMO_MODEL,
    texts: Annotated[Kind | None, typer.Option(help="Default: sentences; words for the full-size model.")] = None,
    senders: Annotated[int, typer.Option(min=1, max=256, help="Requests to SQS at the same time.")] = 16,
    patience: Annotated[float, typer.Option(min=0, help="Seconds to wait for the queue to drain.")] = 180,
    ceiling_seconds: Annotated[
        float, typer.Option(min=0, help="How long to measure the embedded cloud by itself before; 0 does not.")
    ] = 10,
    max_p95_ms: Annotated[float, typer.Option(min=0, help="Objective: latency, from due to stored.")] = 2000,
    min_throughput_percent: Annotated[float, typer.Option(min=0, max=100, help="Objective: of the rate.")] = 95,
    max_late_percent: Annotated[float, typer.Option(min=0, max=100, help="Objective: texts sent late.")] = 1,
    max_lost: Annotated[int, typer.Option(min=0, help="Objective: texts.")] = 0,
    max_duplicated: Annotated[int, typer.Option(min=0, help="Objective: texts.")] = 0,
    max_dead: Annotated[int, typer.Option(min=0, help="Objective: texts in the dead-letter queue.")] = 0,
    output: Annotated[Path, typer.Option(help="Where load.html, load.png and load.json go.")] = BUILD,
) -> None:
    """Send texts at a steady rate, whatever becomes of them, and account for every one; 1 if an objective is missed."""
    objectives = Objectives(
        max_p95_ms=max_p95_ms,
        min_throughput_percent=min_throughput_percent,
        max_late_percent=max_late_percent,
        max_lost=max_lost,
        max_duplicated=max_duplicated,
        max_dead=max_dead,
    )
    ledger = Ledger(Plan(rate=rate, duration_s=duration, together=together or usual_together(rate)))
    kind = texts or (Kind.WORDS if model.name == "full-size" and not remote else Kind.SENTENCES)
    chosen = pool(kind)
    alone = ceiling(ceiling_seconds, chosen) if ceiling_seconds and not remote else None
    try:
        with _pipeline(remote, stack, model, ledger) as pipeline, Progress(*COLUMNS, console=notes) as progress:
            task = progress.add_task("", total=duration, state="")

            def show(doing: str, sampler: Sampler) -> None:
                state = f"{last.waiting} waiting, {last.in_flight} in flight" if (last := sampler.last) else ""
                progress.update(task, description=doing, completed=time.time() - ledger.started_at, state=state)

            run = run_load(ledger, pipeline, chosen, senders, patience, show)
    except (ModelError, SettingsError) as error:
        raise CommandError(str(error)) from error
    report = _report(run, alone, objectives)
    answers.print(table(report))
    answers.print(verdict(report), highlight=False)
    _write(report, output)
    if report.missed:
        raise typer.Exit(1)


def _pipeline(remote: bool, stack: str, model: Path, ledger: Ledger) -> AbstractContextManager[Pipeline]:
    if not remote:
        return local_pipeline(stack, model, ledger)
    return nullcontext(deployed(find(PLACES.keys(), stack=None if stack == DEFAULT_STACK else stack)))


def _report(run: Run, alone: Ceiling | None, objectives: Objectives) -> Report:
    found, plan = figures(run), run.ledger.plan
    return Report(
        started_at=run.ledger.started_at,
        plan=plan,
        where=run.pipeline.target.source,
        clock=run.pipeline.clock,
        figures=found,
        series=series(*moments(run)),
        ceiling=alone,
        objectives=objectives,
        missed=missed(objectives, found, plan.rate),
        usage=usage(run.samples, run.ledger.started_at) if found.cores else [],
    )


def _write(report: Report, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "load.json").write_text(json.dumps(as_json(report), indent=1))
    try:
        from sentiment.load.page import write
        from sentiment.load.picture import draw  # matplotlib is no requirement of the figures
    except ModuleNotFoundError:
        notes.print("No pictures: they need requirements-bench.txt.")
        return
    draw(report, folder / "load.png")
    write(report, folder / "load.png", folder / "load.html")
    answers.print(f"Written: {folder / 'load.html'}", highlight=False, soft_wrap=True)
