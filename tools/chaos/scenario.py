"""A scenario: its messages, its faults, and the effects that must be seen besides a clean account."""

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from sentiment_contract.dead_letters import CODE
from tools.chaos.accounting import Account, account
from tools.chaos.faults import Fault
from tools.chaos.messages import Message, shuffled
from tools.chaos.stage import Stage

SEED = 7
SHOWN_CHARS = 300  # of a line of the function's log

Make = Callable[[int, Random], list[Message]]


@dataclass(frozen=True, kw_only=True)
class Seen:
    """The observations from a scenario, besides its account.

    Attributes:
        hits: faults by description, counted where they were injected.
        errors: failed invocations by the pipeline's own poller, by error type.
        reasons: dead letters by reason; "given up by SQS" without one.
        in_time: invocations that returned messages before their timeout.
        redeliveries: receives of a message beyond its first.
        absorbed: writes that the table absorbed because it already held a result as new.
        notes: a script's own observations.
    """

    hits: Counter[str]
    errors: Counter[str]
    reasons: Counter[str]
    invocations: int
    in_time: int
    redeliveries: int
    absorbed: int
    notes: Mapping[str, Any]


def send_all(stage: Stage, messages: Sequence[Message]) -> dict[str, Any]:
    stage.send(messages)
    stage.drain()
    return {}


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """
    Attributes:
        name: short and unique.
        faults: faults of calls between function, poller and cloud.
        messages: creates a number of messages.
        play: sends them and waits; returns its observations.
        must: checks of the observations, by the complaint if they fail.
        settings: configuration values that override the dev stack's.
        visibility_s: the queue's visibility timeout, instead of six timeouts and a window.
        handler: a wrapper around the deployed one.
        paused: whether `play` starts the poller.
    """

    name: str
    faults: Sequence[Fault] = ()
    messages: Make = shuffled
    play: Callable[[Stage, Sequence[Message]], dict[str, Any]] = send_all
    must: Mapping[str, Callable[[Seen, Account], bool]] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    visibility_s: int = 3
    handler: str | None = None
    paused: bool = False


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """
    Attributes:
        complaints: the failed checks.
    """

    name: str
    account: Account
    seen: Seen
    complaints: tuple[str, ...]
    seconds: float

    @property
    def good(self) -> bool:
        return self.account.balanced and not self.complaints


def run(scenario: Scenario, count: int) -> Outcome:
    """Run a scenario with about `count` messages, and account for them."""
    began = time.monotonic()
    with Stage(scenario.faults, scenario.settings, scenario.visibility_s, scenario.handler, scenario.paused) as stage:
        notes = scenario.play(stage, scenario.messages(count, Random(SEED)))
        left = stage.local.depth(stage.local.queue_url)
        dead = stage.local.dead_letters()
        result = account(
            stage.sent, stage.local.results(), [message["Body"] for message in dead], writes := stage.writes()
        )
        received = [message for batch in stage.received() for message in batch]
        seen = Seen(
            hits=stage.injector.hits,
            errors=stage.errors(),
            reasons=Counter(_reason(message) for message in dead),
            invocations=len(stage.batches),
            in_time=stage.in_time(),
            redeliveries=len(received) - len({message["MessageId"] for message in received}),
            absorbed=sum(not write.accepted for write in writes),
            notes=notes,
        )
    complaints = [says for says, holds in scenario.must.items() if not holds(seen, result)]
    complaints += [f"never injected: {fault.what}" for fault in scenario.faults if not seen.hits[fault.what]]
    complaints += ["no fault was injected"] * (not seen.hits.total())
    complaints += [f"what nobody foresaw: {line[:SHOWN_CHARS]}" for line in stage.unforeseen]
    complaints += [f"{left} messages are still in the queue"] * bool(left)
    return Outcome(
        name=scenario.name,
        account=result,
        seen=seen,
        complaints=tuple(complaints),
        seconds=time.monotonic() - began,
    )


def _reason(message: Mapping[str, Any]) -> str:
    attributes = message.get("MessageAttributes", {})
    return attributes[CODE]["StringValue"] if CODE in attributes else "given up by SQS"
