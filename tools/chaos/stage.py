"""The stage of a scenario: the dev stack's pipeline on this machine, with a proxy in front of its cloud."""

import signal
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from threading import Event
from typing import Any, Self

from sentiment.batch import MAX_MESSAGES
from sentiment.delivery import deliver
from sentiment.dlq.queue import Look, move
from tools.chaos.accounting import Write
from tools.chaos.faults import Fault, Injector, send_signal
from tools.chaos.memory_limit import LimitedProcess
from tools.chaos.messages import Message
from tools.chaos.proxy import Proxy
from tools.local.event_source import BatchOutcome
from tools.local.stack import LocalPipeline

PATIENCE_S = 600  # only a hang takes so long; on a busy machine a scenario of 6 s took 80 s
LOOK_EVERY_S = 0.2
MEMORY = "runtimes killed over their memory limit"


class Stage:
    """A context manager.

    Attributes:
        local: the pipeline.
        injector: the faults, and how often they were injected.
        over: set when the scenario is over; hanging calls wait for it.
        sent: all messages that were sent.
        batches: outcomes of all invocations by the pipeline's own poller.
        unforeseen: log lines in which the function reports an unforeseen error and returns a whole batch.
        poller_pid: process id of a poller that replaces it.
    """

    local: LocalPipeline

    def __init__(
        self,
        faults: Sequence[Fault],
        settings: Mapping[str, Any],
        visibility_s: int,
        handler: str | None = None,
        paused: bool = False,
    ) -> None:
        """
        Args:
            settings: configuration values that override the stack's.
            visibility_s: the queue's visibility timeout, instead of six timeouts and a window.
            handler: replaces the deployed one.
            paused: the poller waits for `local.mapping.resume()`.
        """
        self.injector = Injector(faults, self)
        self.over = Event()
        self.sent: list[Message] = []
        self.batches: list[BatchOutcome] = []
        self.unforeseen: list[str] = []
        self.poller_pid = 0
        self._proxy = Proxy(self.injector.answer)
        self._settings, self._visibility_s, self._handler, self._paused = settings, visibility_s, handler, paused
        self._resources = ExitStack()

    def __enter__(self) -> Self:
        with self._resources:
            self._resources.enter_context(self._proxy)
            self.local = self._resources.enter_context(
                LocalPipeline(
                    "dev",
                    on_batch=self.batches.append,
                    on_log=self._take_log_line,
                    start=partial(LimitedProcess, on_kill=partial(self.injector.count, MEMORY)),
                    front=self._proxy.in_front_of,
                    **{"batchWindowSeconds": 0, "consume": False, **self._settings},
                )
            )
            self._resources.callback(self.over.set)  # first of all: lets go of what hangs
            self.local.sqs.set_queue_attributes(
                QueueUrl=self.local.queue_url, Attributes={"VisibilityTimeout": str(self._visibility_s)}
            )
            if self._handler:
                self.deploy(handler=self._handler)
            if not self._paused:  # only now: a receive that has begun would hide its messages for the old time
                self.local.mapping.resume()
            self._resources = self._resources.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._resources.close()

    def send(self, messages: Sequence[Message], delay_s: Callable[[Message], int] = lambda message: 0) -> None:
        self.sent += messages
        entries = [{"MessageBody": message.body, "DelaySeconds": delay_s(message)} for message in messages]
        for start in range(0, len(entries), MAX_MESSAGES):
            if failures := deliver(self.local.sqs, self.local.queue_url, entries[start : start + MAX_MESSAGES]):
                raise RuntimeError(f"SQS refused messages: {failures}")

    def drain(self, until: Callable[[], bool] = lambda: False) -> bool:
        """Wait until the queue is empty or another condition holds; returns whether it did in time."""
        deadline = time.monotonic() + PATIENCE_S
        while self.local.depth(self.local.queue_url) and not until():
            if time.monotonic() > deadline:
                return False
            time.sleep(LOOK_EVERY_S)
        return True

    def redrive(self) -> list[str]:
        """Move all dead letters back, as an operator does; returns their bodies."""
        sqs = self.local.sqs
        with Look(sqs, self.local.dead_letter_queue_url, hide_seconds=PATIENCE_S) as look:
            moves = [*move(look, look, sqs, self.local.queue_url)]
        return [letter.body for letters, failures in moves for letter in letters if letter.message_id not in failures]

    def deploy(self, **changes: Any) -> None:
        """Deploy a new version of the function with these configuration changes."""
        environment = {**self.local.function_config.environment, **changes.pop("environment", {})}
        self.local.function.deploy(replace(self.local.function_config, environment=environment, **changes))

    def signal_runtimes(self, number: signal.Signals) -> None:
        for environment in self.local.function.environments:
            send_signal(environment.pid, number)

    def received(self) -> list[list[dict[str, Any]]]:
        """The result of every non-empty receive by the poller, in order."""
        batches = (each.answer.body.get("Messages", []) for each in self._answered("ReceiveMessage"))
        return [batch for batch in batches if batch]

    def writes(self) -> list[Write]:
        """Results that the table accepted or absorbed, in its own order."""
        return [
            Write(each.request["Item"]["id"]["S"], each.request["Item"]["text"]["S"], each.answer.status == 200)
            for each in self._answered("PutItem")
            if each.answer.status == 200 or "ConditionalCheckFailed" in each.answer.body.get("__type", "")
        ]

    def errors(self) -> Counter[str]:
        """Failed invocations by error type."""
        failed = (batch.invocation.error for batch in self.batches if batch.invocation and batch.invocation.error)
        return Counter(str(error.get("errorType")) for error in failed)

    def in_time(self) -> int:
        """The number of invocations that answered and returned messages to the queue."""
        answered = (batch for batch in self.batches if batch.invocation and not batch.invocation.error)
        return sum(bool(batch.failed_ids) for batch in answered)

    def _take_log_line(self, line: str) -> None:
        if '"batch failed"' in line:
            self.unforeseen.append(line)

    def _answered(self, operation: str) -> Iterable[Any]:
        return [each for each in list(self._proxy.journal) if each.operation == operation]
