"""The pipeline to load: a stack started locally, or one that is already running."""

import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sentiment.target import Target
from tools.load.ledger import Ledger
from tools.local.cloud import ANY_CREDENTIALS
from tools.local.event_source import BatchOutcome
from tools.local.program import StackFile, short_name
from tools.local.stack import LocalPipeline


@dataclass(frozen=True, kw_only=True)
class Pipeline:
    """
    Attributes:
        clock: describes when a text counts as stored.
        processes: ids of the processes on this machine, by role.
        cold_starts: seconds that each took so far, if that can be watched.
        unwatched: deliveries that the poller has taken and not yet finished; 0 if nobody watches.
    """

    target: Target
    clock: str
    processes: Callable[[], Mapping[str, list[int]]] = dict
    cold_starts: list[float] | None = None
    unwatched: Callable[[], int] = lambda: 0


def deployed(target: Target) -> Pipeline:
    return Pipeline(
        target=target, clock="processed_at in the table, by the function's clock; the put itself is not in it"
    )


@contextmanager
def local_pipeline(stack: StackFile, model_dir: Path, ledger: Ledger) -> Iterator[Pipeline]:
    """A stack on this machine, with every batch watched.

    Raises:
        ModelError, FileNotFoundError, SettingsError: as LocalPipeline.
    """
    cold_starts: list[float] = []
    watched: list[int] = []

    def watch(outcome: BatchOutcome) -> None:
        done = [each for each in outcome.deliveries if each.message_id not in outcome.failed_ids]
        ledger.settled((json.loads(json.loads(each.record)["body"])["id"] for each in done), time.time())
        if outcome.invocation and outcome.invocation.cold_start:
            cold_starts.append(outcome.invocation.init_s)
        watched.append(len(outcome.deliveries))

    with LocalPipeline(stack, model_dir=model_dir, on_batch=watch) as local:
        yield Pipeline(
            target=Target(
                queue_url=local.queue_url,
                dead_letter_queue_url=local.dead_letter_queue_url,
                table_name=local.table_name,
                region=local.cloud.region,
                endpoint_url=local.cloud.url,
                credentials=ANY_CREDENTIALS,
                source=f"stack {short_name(stack)} on this machine ({os.cpu_count()} cores), model {model_dir.name}",
            ),
            clock="end of the batch that stored it, its messages deleted; the machine's clock, as for the schedule",
            processes=lambda: {
                "function": [environment.pid for environment in local.function.environments],
                "embedded cloud": [local.cloud.pid],
                "load and poller": [os.getpid()],
            },
            cold_starts=cold_starts,
            unwatched=lambda: local.mapping.stats.received - sum(watched),
        )
