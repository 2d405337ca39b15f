"""`make demo`: sends sample texts through the whole pipeline, shows the results, and accounts for every one."""

import json
import time
from datetime import datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from tools.local.demo_report import Observed, about_the_model, show_dead_letters, show_results, show_summary
from tools.local.program import StackFile, short_name
from tools.local.runtime_process import PlainProcess, Start
from tools.local.stack import LocalPipeline

SAMPLES = Path(__file__).parent / "samples.jsonl"
PATIENCE_SECONDS = 120
REPEATS = 2  # among messages(): a duplicate and an outdated one


def messages() -> tuple[list[str], dict[str, dict[str, Any]], list[str]]:
    """All bodies to send, the items that must end up in the table by id, and the bodies that must be dead-lettered."""
    samples = [json.loads(line) for line in SAMPLES.read_text().splitlines()]
    singles, together = samples[:-5], samples[-5:]
    duplicate = singles[0]
    outdated = {**singles[1], "text": "An older opinion that must not win.", "timestamp": "2020-01-01T00:00:00Z"}
    poison = ["this is not JSON", json.dumps({"id": "no-text"})]
    bodies = [json.dumps(sample) for sample in [*singles, {"items": together}, duplicate, outdated]]
    return [*bodies, *poison], {sample["id"]: sample for sample in samples}, poison


def run_demo(
    stack: StackFile, model_dir: Path, console: Console, start: Start = PlainProcess, **overrides: Any
) -> bool:
    """Run the demo, with overridden configuration values; returns whether every message is accounted for."""
    observed = Observed()
    bodies, expected, poison = messages()
    began = time.monotonic()
    with LocalPipeline(
        stack,
        model_dir=model_dir,
        on_batch=observed.batches.append,
        on_log=observed.log_line,
        start=start,
        **overrides,
    ) as local:
        console.print(
            f"Stack [bold]{short_name(stack)}[/]: {len(local.recording.resources)} resources registered by "
            f"__main__.py; queues, table and role created in moto at {local.cloud.url}"
        )
        _send(local, bodies, console)
        if not local.mapping_config.enabled:
            waiting = local.depth(local.queue_url)
            console.print(f"consume is false: the function takes no messages, and {waiting} wait in the queue.")
            return waiting == len(bodies)
        drained = _wait(local, console)
        results, rejected = local.results(), local.dead_letters()
        stores_text = local.function_config.environment["STORE_TEXT"] == "true"
    right = [item_id for item_id, sample in expected.items() if _is_of(results.get(item_id), sample, stores_text)]
    good = len(right) == len(expected) == len(results) and sorted(m["Body"] for m in rejected) == sorted(poison)
    show_results(results, console)
    show_dead_letters(rejected, console)
    show_summary(
        observed,
        about_the_model(model_dir)
        | {
            "sent": f"{len(bodies)} messages: {len(expected)} texts (five in one), {REPEATS} repeats, "
            f"{len(poison)} poison",
            "stored": f"{len(right)} of {len(expected)}, each with its newest text",
            "repeats": _repeats(observed),
            "dead-lettered": f"{len(rejected)} of {len(poison)}, body intact, each with its reason",
        },
        console,
    )
    console.print(
        "[green]Every message is accounted for.[/]" if good else "[bold red]Messages are missing or wrong.[/]"
    )
    console.print(f"Took {time.monotonic() - began:.1f} s.", "" if drained else "[red]The queue did not drain.[/]")
    return good and drained


def _is_of(item: dict[str, Any] | None, sample: dict[str, Any], stores_text: bool) -> bool:
    """Whether a result belongs to this sample, and not to an older one with its id."""
    if item is None or item.get("text") != (sample["text"] if stores_text else None):
        return False
    return datetime.fromisoformat(item["sent_at"]) == datetime.fromisoformat(sample["timestamp"])


def _repeats(observed: Observed) -> str:
    if "absorbed" not in observed.counts:
        return f"{REPEATS}; at this logLevel the function does not say what became of them"
    absorbed = observed.counts["absorbed"]
    return f"{absorbed} absorbed by the table's condition, {REPEATS - absorbed} overwritten by the newer text"


def _send(local: LocalPipeline, bodies: list[str], console: Console) -> None:
    for start in range(0, len(bodies), 10):
        entries = [{"Id": str(n), "MessageBody": body} for n, body in enumerate(bodies[start : start + 10])]
        if failed := local.sqs.send_message_batch(QueueUrl=local.queue_url, Entries=entries).get("Failed"):
            raise RuntimeError(f"SQS refused {failed}")
    console.print(f"Sent {len(bodies)} messages to {local.queue_url}", soft_wrap=True)


def _wait(local: LocalPipeline, console: Console) -> bool:
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    deadline = time.monotonic() + PATIENCE_SECONDS
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("waiting")
        while (backlog := local.depth(local.queue_url)) and time.monotonic() < deadline:
            stored = len(local.results())
            progress.update(task, description=f"{backlog} messages in the queue, {stored} results in the table")
            time.sleep(0.2)
    return backlog == 0
