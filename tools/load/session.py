"""A load test's user interface: progress, tables and output files."""

import json
import time
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from function.manifest import ModelError
from sentiment.errors import CommandError
from sentiment.screen import answers, notes
from sentiment.target import DEFAULT_STACK, PLACES, find
from settings import SettingsError
from tools import pages
from tools.load import pipeline as pipelines
from tools.load.ceiling import Ceiling, ceiling
from tools.load.figures import figures, moments, series
from tools.load.ledger import Ledger
from tools.load.objectives import Objectives, missed
from tools.load.pipeline import Pipeline
from tools.load.plan import Kind, Plan
from tools.load.report import Report, as_json, blocks, table, verdict
from tools.load.run import Run, run_load
from tools.load.samples import Sampler
from tools.load.texts import pool
from tools.local.stack import DEMO_MODEL

FULL_SIZE = "full-size"  # the folder that tools/models/full_size.py writes, whose vocabulary is words
COLUMNS = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[state]}"), TimeRemainingColumn())


def load_test(
    plan: Plan,
    objectives: Objectives,
    *,
    stack: str,
    deployed: bool,
    model: Path | None,
    kind: Kind | None,
    senders: int,
    patience_s: float,
    ceiling_s: float,
    output: Path,
) -> Report:
    """Run a load test, show it and write its files; the options are those of tools/load/command.py.

    Raises:
        CommandError: the model or the stack's settings cannot be used, or the stack cannot be found.
    """
    model_dir, ledger = model or DEMO_MODEL, Ledger(plan)
    words = model_dir.name == FULL_SIZE and not deployed
    texts = pool(kind or (Kind.WORDS if words else Kind.SENTENCES))
    try:
        alone = ceiling(ceiling_s, texts) if ceiling_s and not deployed else None
        with _pipeline(deployed, stack, model_dir, ledger) as pipeline, Progress(*COLUMNS, console=notes) as progress:
            task = progress.add_task("starting", total=plan.duration_s, state="")

            def show(doing: str, sampler: Sampler) -> None:
                state = f"{last.waiting} waiting, {last.in_flight} in flight" if (last := sampler.last) else ""
                progress.update(task, description=doing, completed=time.time() - ledger.started_at, state=state)

            run = run_load(ledger, pipeline, texts, senders, patience_s, show)
    except (ModelError, SettingsError) as error:
        raise CommandError(str(error)) from error
    report = _report(run, alone, objectives)
    answers.print(table(report))
    answers.print(verdict(report), highlight=False)
    _write(report, output)
    return report


def _pipeline(deployed: bool, stack: str, model_dir: Path, ledger: Ledger) -> AbstractContextManager[Pipeline]:
    if not deployed:
        return pipelines.local_pipeline(stack, model_dir, ledger)
    return nullcontext(pipelines.deployed(find(PLACES.keys(), stack=None if stack == DEFAULT_STACK else stack)))


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
        samples=run.samples,
    )


def _write(report: Report, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "load.json").write_text(json.dumps(as_json(report), indent=1))
    try:
        from tools.load.page import write
        from tools.load.picture import draw  # matplotlib is no requirement of the figures
    except ModuleNotFoundError:
        notes.print("No pictures: they need locks/pictures.txt.")
        return
    draw(report, folder / "load.png")
    if pages.updating():
        draw(report, pages.DOCS / "load.png")
        pages.write(blocks(report))
    write(report, folder / "load.png", folder / "load.html")
    answers.print(f"Written: {folder / 'load.html'}", highlight=False, soft_wrap=True)
