"""The demo's output: results, dead letters, and figures from the function's own log."""

import json
import statistics
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from function.manifest import Manifest
from function.names import COLD_START, INFERENCE_LATENCY, MODEL_LOAD
from sentiment.labels import painted
from sentiment.screen import excerpt
from tools.local.event_source import BatchOutcome
from tools.models.record import Record

SHOWN_CHARS = 50  # of a text
BODY_CHARS = 200  # of a dead letter
STAND_IN = "sentiment-analyzer/demo"


@dataclass
class Observed:
    """The demo's observations of the running function."""

    batches: list[BatchOutcome] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    metrics: list[dict[str, Any]] = field(default_factory=list)

    def log_line(self, line: str) -> None:
        """Process a line of the function's log: its own counts, or metrics in the embedded format."""
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


def show_results(results: dict[str, dict[str, Any]], console: Console) -> None:
    table = Table(title="Results in the table", title_justify="left")
    for heading in ("id", "sentiment", "score", "text"):
        table.add_column(heading, no_wrap=heading != "text")  # a narrow screen costs the text its width, and no answer
    for item_id, item in sorted(results.items()):
        shown = excerpt(item.get("text", "(not stored)"), SHOWN_CHARS)
        cut = " (cut at 512 tokens)" if item["truncated"] else ""
        sentiment, score = painted(item["sentiment"], SHOWN_CHARS), f"{float(item['score']):.3f}"
        table.add_row(excerpt(item_id, SHOWN_CHARS), sentiment, score, shown + cut)
    console.print(table)


def show_dead_letters(rejected: list[dict[str, Any]], console: Console) -> None:
    table = Table(title="Messages in the dead-letter queue", title_justify="left")
    for heading in ("body", "ErrorCode", "ErrorMessage"):
        table.add_column(heading)
    for message in rejected:
        reason = {name: value["StringValue"] for name, value in message["MessageAttributes"].items()}
        table.add_row(excerpt(message["Body"], BODY_CHARS), reason.get("ErrorCode"), reason.get("ErrorMessage"))
    console.print(table)


def about_the_model(model_dir: Path) -> dict[str, str]:
    """Rows about the model: its name, its score in its training record, and where to find a better one."""
    manifest, record = Manifest.read(model_dir), Record.read(model_dir)
    rows = {"model": f"{manifest.model_id}, {sum(manifest.sizes.values()) / 1e6:.1f} MB"}
    if record:
        held_out = record.held_out
        rows["model"] += (
            f"; {held_out['accuracy']:.1%} of {held_out['texts']:,} held-out texts right ({held_out['chance']:.0%} by "
            "chance)"
        )
    if manifest.model_id == STAND_IN:
        rows["stand-in"] = "a small one to try this out; docs/model.md says how to run the real one, or your own"
    return rows


def show_summary(observed: Observed, outcome: Mapping[str, str], console: Console) -> None:
    """Print the outcome, and figures from the function's log and metrics."""
    rows = dict(outcome)
    rows["batches"] = f"{len(observed.batches)}, of which {sum(observed.values(COLD_START)):.0f} on a cold start"
    colds = [b.invocation.init_s for b in observed.batches if b.invocation and b.invocation.cold_start]
    if colds and observed.values(MODEL_LOAD):
        load_ms = statistics.median(observed.values(MODEL_LOAD))
        rows["cold start"] = f"{statistics.median(colds):.2f} s to be ready, {load_ms:.0f} ms of it the model"
    if latencies := observed.values(INFERENCE_LATENCY):
        rows["inference per text"] = f"{statistics.median(latencies):.1f} ms (median of the batches)"
    table = Table.grid(padding=(0, 2))
    for name, value in rows.items():
        table.add_row(f"[bold]{name}[/]", value)
    console.print(table)
