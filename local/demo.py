"""`make demo`: send sample texts through the whole pipeline, show what became of them, and account for every one."""

import json
import statistics
import textwrap
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from function.names import COLD_START, INFERENCE_LATENCY, MODEL_LOAD
from local.event_source import BatchOutcome
from local.runtime_process import PlainProcess, Start
from local.stack import LocalStack

SAMPLES = Path(__file__).parent / "samples.jsonl"
PATIENCE_SECONDS = 120
SHOWN_CHARS = 50  # of a text
REPEATS = 2  # of what messages() sends: a duplicate and an out-of-date one


@dataclass
class Observed:
    """What the demo sees of the running function."""

    batches: list[BatchOutcome] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    metrics: list[dict[str, Any]] = field(default_factory=list)

    def log_line(self, line: str) -> None:
        """Take in a line of the function's log: its own counts, or metrics in the embedded format."""
        try:
            entry = json.loads(line)
        except ValueError:
            return
        if "_aws" in entry:
            self.metrics.append(entry)
        elif entry.get("message") == "batch done":
            self.counts.update({k: v for k, v in entry.items() if k in ("stored", "absorbed", "dead_lettered")})

    def values(self, metric: str) -> list[float]:
        return [value for entry in self.metrics for value in entry.get(metric, [])]


def messages() -> tuple[list[str], dict[str, dict[str, Any]], list[str]]:
    """What is sent: all bodies, the items that must end in the table by id, the bodies that must be dead-lettered."""
    samples = [json.loads(line) for line in SAMPLES.read_text().splitlines()]
    singles, together = samples[:-5], samples[-5:]
    duplicate = singles[0]
    outdated = {**singles[1], "text": "An older opinion that must not win.", "timestamp": "2020-01-01T00:00:00Z"}
    poison = ["this is not JSON", json.dumps({"id": "no-text"})]
    bodies = [json.dumps(sample) for sample in [*singles, {"items": together}, duplicate, outdated]]
    return [*bodies, *poison], {sample["id"]: sample for sample in samples}, poison


def run_demo(stack: str, model_dir: Path, console: Console, start: Start = PlainProcess) -> bool:
    """Run the demo; returns whether every message is accounted for."""
    observed = Observed()
    bodies, expected, poison = messages()
    began = time.monotonic()
    with LocalStack(
        stack, model_dir=model_dir, on_batch=observed.batches.append, on_log=observed.log_line, start=start
    ) as local:
        console.print(
            f"Stack [bold]{stack}[/]: {len(local.recording.resources)} resources registered by __main__.py; "
            f"queues, table and role created in moto at {local.cloud.url}"
        )
        _send(local, bodies, console)
        drained = _wait(local, console)
        results, rejected = local.results(), local.dead_letters()
    _show_results(results, console)
    _show_dead_letters(rejected, console)
    good = _show_summary(observed, len(bodies), expected, results, poison, rejected, console)
    console.print(f"Took {time.monotonic() - began:.1f} s.", "" if drained else "[red]The queue did not drain.[/]")
    return good and drained


def _send(local: LocalStack, bodies: list[str], console: Console) -> None:
    for start in range(0, len(bodies), 10):
        entries = [{"Id": str(n), "MessageBody": body} for n, body in enumerate(bodies[start : start + 10])]
        if failed := local.sqs.send_message_batch(QueueUrl=local.queue_url, Entries=entries).get("Failed"):
            raise RuntimeError(f"SQS refused {failed}")
    console.print(f"Sent {len(bodies)} messages to {local.queue_url}")


def _wait(local: LocalStack, console: Console) -> bool:
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    deadline = time.monotonic() + PATIENCE_SECONDS
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("waiting")
        while (backlog := local.depth(local.queue_url)) and time.monotonic() < deadline:
            stored = len(local.results())
            progress.update(task, description=f"{backlog} messages in the queue, {stored} results in the table")
            time.sleep(0.2)
    return backlog == 0


def _show_results(results: dict[str, dict[str, Any]], console: Console) -> None:
    table = Table(title="Results in the table", title_justify="left")
    for heading in ("id", "sentiment", "score", "text"):
        table.add_column(heading, no_wrap=True)
    for item_id, item in sorted(results.items()):
        style = "green" if item["sentiment"] == "POSITIVE" else "red"
        shown = textwrap.shorten(item.get("text", ""), SHOWN_CHARS, placeholder="...")
        cut = " [dim](cut at 512 tokens)[/]" if item["truncated"] else ""
        sentiment, score = f"[{style}]{item['sentiment']}[/]", f"{float(item['score']):.3f}"
        table.add_row(item_id, sentiment, score, escape(shown) + cut)
    console.print(table)


def _show_dead_letters(rejected: list[dict[str, Any]], console: Console) -> None:
    table = Table(title="Messages in the dead-letter queue", title_justify="left")
    for heading in ("body", "ErrorCode", "ErrorMessage"):
        table.add_column(heading)
    for message in rejected:
        reason = {name: value["StringValue"] for name, value in message["MessageAttributes"].items()}
        table.add_row(escape(message["Body"]), reason.get("ErrorCode"), reason.get("ErrorMessage"))
    console.print(table)


def _show_summary(
    observed: Observed,
    sent: int,
    expected: dict[str, dict[str, Any]],
    results: dict[str, dict[str, Any]],
    poison: list[str],
    rejected: list[dict[str, Any]],
    console: Console,
) -> bool:
    right = [item_id for item_id, sample in expected.items() if results.get(item_id, {}).get("text") == sample["text"]]
    dead_lettered = sorted(message["Body"] for message in rejected) == sorted(poison)
    colds = [b.invocation.init_s for b in observed.batches if b.invocation and b.invocation.cold_start]
    latencies, absorbed = observed.values(INFERENCE_LATENCY), observed.counts["absorbed"]
    rows = {
        "sent": f"{sent} messages: {len(expected)} texts (five in one), {REPEATS} repeats, {len(poison)} poison",
        "stored": f"{len(right)} of {len(expected)}, each with its newest text",
        "repeats": f"{absorbed} absorbed by the table's condition, {REPEATS - absorbed} overwritten by the newer text",
        "dead-lettered": f"{len(rejected)} of {len(poison)}, body intact, each with its reason",
        "batches": f"{len(observed.batches)}, of which {sum(observed.values(COLD_START)):.0f} on a cold start",
    }
    if colds and observed.values(MODEL_LOAD):
        load_ms = statistics.median(observed.values(MODEL_LOAD))
        rows["cold start"] = f"{statistics.median(colds):.2f} s to be ready, {load_ms:.0f} ms of it the model"
    if latencies:
        rows["inference per text"] = f"{statistics.median(latencies):.1f} ms (median of the batches)"
    table = Table.grid(padding=(0, 2))
    for name, value in rows.items():
        table.add_row(f"[bold]{name}[/]", value)
    good = len(right) == len(expected) == len(results) and dead_lettered
    console.print(table)
    console.print(
        "[green]Every message is accounted for.[/]" if good else "[bold red]Messages are missing or wrong.[/]"
    )
    return good
