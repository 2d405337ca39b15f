"""`make local`: runs the pipeline until Ctrl-C, for producers to try, and shows results as they arrive."""

import json
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, NoReturn

from rich.console import Console
from rich.text import Text

from sentiment.running import announced
from sentiment.screen import excerpt
from sentiment.table import Results
from sentiment_contract.messages import parse_body
from tools.local.cloud import ANY_CREDENTIALS
from tools.local.event_source import BatchOutcome
from tools.local.runtime_process import PlainProcess, Start
from tools.local.sqs_events import Delivery
from tools.local.stack import LocalPipeline

SHOWN_CHARS = 100  # of an id
LOOK_SECONDS = 1.0  # between polls of the dead-letter queue


def serve(stack: str, model_dir: Path, port: int, console: Console, start: Start = PlainProcess) -> None:
    """Serve a stack until interrupted."""
    settled: SimpleQueue[list[str]] = SimpleQueue()

    def take(batch: BatchOutcome) -> None:
        settled.put([item_id for each in batch.deliveries for item_id in _ids(each)])

    with (
        LocalPipeline(stack, model_dir=model_dir, port=port, start=start, on_batch=take) as local,
        announced(state(local)) as found,
    ):
        stream_arn = local.recording.outputs.get("resultStreamArn")
        streamed = f"  export RESULTS_STREAM_ARN={stream_arn}\n" if stream_arn else ""
        console.print(
            f"Stack [bold]{stack}[/] is up. Send to it from another shell:\n\n"
            '  echo "I like it." | .venv/bin/python -m sentiment send --format lines -\n\n'
            "For producers of your own, and the AWS CLI (before 2.13: with --endpoint-url $AWS_ENDPOINT_URL):\n\n"
            f"  export AWS_ENDPOINT_URL={local.cloud.url} AWS_DEFAULT_REGION={local.cloud.region}\n"
            "  export AWS_ACCESS_KEY_ID=local AWS_SECRET_ACCESS_KEY=local\n"
            f"  export QUEUE_URL={local.queue_url}\n"
            f"  export RESULTS_TABLE={local.table_name}\n"
            f"  export DEAD_LETTER_QUEUE_URL={local.dead_letter_queue_url}\n"
            f"{streamed}"
            "  aws --endpoint-url $AWS_ENDPOINT_URL dynamodb scan --table-name $RESULTS_TABLE\n\n"
            "Results as they arrive (Ctrl-C stops):",
            highlight=False,
            soft_wrap=True,
        )
        if not found:
            console.print(
                "[yellow]Another `make local` is running; python -m sentiment uses that one.[/]", soft_wrap=True
            )
        _show(local, settled, console)


def _show(local: LocalPipeline, settled: SimpleQueue[list[str]], console: Console) -> NoReturn:
    """Show results by the ids that the function received, because scanning takes longer as the table grows."""
    results = Results(dynamodb=local.dynamodb, table_name=local.table_name)
    shown: dict[str, str] = {}  # when each was processed, by id
    dead, look_at = 0, 0.0
    while True:
        with suppress(Empty):
            found = results.get(settled.get(timeout=LOOK_SECONDS)).values()
            new = [each for each in found if shown.get(each["id"]) != each["processed_at"]]
            shown |= {each["id"]: each["processed_at"] for each in new}
            for each in new:
                line = Text(f"{each['sentiment']:8}  {each['score']:.3f}  ") + excerpt(each["id"], SHOWN_CHARS)
                console.print(line, soft_wrap=True)
        if time.monotonic() >= look_at:
            if dead != (dead := local.depth(local.dead_letter_queue_url)):
                console.print(f"dead letters: {dead}, in {local.dead_letter_queue_url}", soft_wrap=True)
            look_at = time.monotonic() + LOOK_SECONDS


def _ids(delivery: Delivery) -> list[str]:
    items, _ = parse_body(json.loads(delivery.record)["body"], datetime.now(UTC))
    return [item.id for item in items]


def state(local: LocalPipeline) -> dict[str, Any]:
    """The fields of sentiment.target.Target that other commands need to use it."""
    return {
        "queue_url": local.queue_url,
        "dead_letter_queue_url": local.dead_letter_queue_url,
        "table_name": local.table_name,
        "region": local.cloud.region,
        "endpoint_url": local.cloud.url,
        "credentials": ANY_CREDENTIALS,
    }
