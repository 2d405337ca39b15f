"""A load test from the first text to the last result."""

import os
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime

from botocore.exceptions import BotoCoreError, ClientError

from sentiment.batch import encode
from sentiment.delivery import deliver
from sentiment_contract.messages import Item
from tools.load.accounting import Accounting, account
from tools.load.ledger import Ledger
from tools.load.open_loop import Send, send_all
from tools.load.outcomes import dead, stored
from tools.load.pipeline import Pipeline
from tools.load.samples import Sample, Sampler

LOOK_S = 0.5  # between polls of the queue, once everything is sent
GRACE_S = 10  # for missing results although the queue seems empty, because SQS's counts are approximate


@dataclass(frozen=True, kw_only=True)
class Run:
    """
    Attributes:
        done_at: when the texts were stored, by id; `pipeline.clock` says by which clock.
        left: messages still in the queue when patience ran out; some may be among those that count as lost.
        load_average: this machine's, in the last minute of sending: other work affects the times.
    """

    ledger: Ledger
    pipeline: Pipeline
    accounting: Accounting
    done_at: Mapping[str, float]
    samples: Sequence[Sample]
    left: int
    load_average: float


def run_load(
    ledger: Ledger,
    pipeline: Pipeline,
    texts: Sequence[str],
    senders: int,
    patience_s: float,
    progress: Callable[[str, Sampler], None],
) -> Run:
    """Send all texts on time, wait for their outcome, and account for every one.

    Args:
        progress: called now and then with the current activity.

    Raises:
        ClientError, BotoCoreError: queues or table cannot be read.
    """
    with Sampler(pipeline) as sampler, ThreadPoolExecutor(senders, "sender") as pool, ThreadPoolExecutor(1) as clock:
        sending = clock.submit(send_all, ledger.plan, ledger, _sender(ledger, pipeline, texts, senders), pool)
        while not sending.done():
            progress("sending", sampler)
            time.sleep(LOOK_S)
        sending.result()
        load_average = os.getloadavg()[0]
        left = _drain(pipeline, sampler, patience_s, progress)
    progress("reading the table", sampler)
    processed = _read(pipeline, ledger.ids)
    settled = dict(ledger.done)  # a copy: if patience ran out, the watching continues
    watched = {item_id: moments[0] for item_id, moments in settled.items() if item_id in processed}
    return Run(
        ledger=ledger,
        pipeline=pipeline,
        accounting=account(
            ledger.ids,
            processed,
            dead(pipeline.target, ledger.run),
            {item_id: len(moments) for item_id, moments in settled.items()},
        ),
        done_at={**processed, **watched},
        samples=sampler.samples,
        left=left,
        load_average=load_average,
    )


def _sender(ledger: Ledger, pipeline: Pipeline, texts: Sequence[str], senders: int) -> Send:
    sqs, queue_url = pipeline.target.client("sqs", max_pool_connections=senders), pipeline.target.queue_url

    def send(indices: range) -> None:
        items = [
            Item(ledger.id_of(index), texts[index % len(texts)], datetime.fromtimestamp(ledger.due_at(index), UTC))
            for index in indices
        ]
        try:
            failures: Mapping[int, Exception] = deliver(sqs, queue_url, [{"MessageBody": encode(i)} for i in items])
        except (ClientError, BotoCoreError) as error:
            failures = dict.fromkeys(range(len(items)), error)
        for index, failure in failures.items():
            ledger.unsent[items[index].id] = str(failure)

    return send


def _drain(pipeline: Pipeline, sampler: Sampler, patience_s: float, progress: Callable[[str, Sampler], None]) -> int:
    """Wait until the queue is empty and everything was watched; returns the number of messages left on timeout."""
    deadline = time.monotonic() + patience_s
    while True:
        sample = sampler.look()
        left = sample.waiting + sample.in_flight
        if not (left or pipeline.unwatched()) or time.monotonic() > deadline:
            return left
        progress("waiting for the queue to drain", sampler)
        time.sleep(LOOK_S)


def _read(pipeline: Pipeline, ids: Sequence[str]) -> dict[str, float]:
    """When each text with a result was processed, by id."""
    found: dict[str, float] = {}
    deadline = time.monotonic() + GRACE_S
    while missing := [item_id for item_id in ids if item_id not in found]:
        found |= stored(pipeline.target, missing)
        if time.monotonic() > deadline:
            break
        time.sleep(LOOK_S)
    return found
