"""What queues and poller can do: deliver twice or out of order, bring poison, refuse dead letters, die."""

import signal
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from random import Random
from typing import Any

from chaos.faults import Fault, hang, lose_the_answer, refuse, send_signal
from chaos.messages import Message, Text, message, poison, shuffled, versions
from chaos.mortal_poller import mortal_poller
from chaos.proxy import Answer, Call, Dropped
from chaos.scenario import Make, Scenario
from chaos.stage import Stage
from sentiment.batch import MAX_MESSAGES as SEND_BATCH

AGAIN = "messages delivered twice"
LATE = "older versions delivered after newer ones"
POISON = "poison messages"
REDRIVEN = "messages redriven"
VERSIONS, LONGEST_DELAY_S = 3, 4


def _again(call: Call, stage: Stage) -> list[dict[str, Any]]:
    """What was delivered once, as much as this receive asks for."""
    once = [each for batch in stage.received() for each in batch]
    return once[stage.injector.hits[AGAIN] :][: call.request["MaxNumberOfMessages"]]


def _deliver_again(call: Call, stage: Stage) -> Answer:
    again = _again(call, stage)
    call.weight = len(again)
    second = {"ApproximateReceiveCount": "2"}
    messages = [{**each, "Attributes": {**each["Attributes"], **second}} for each in again]
    return Answer(status=200, body={"Messages": messages}, headers={"Content-Type": "application/x-amz-json-1.0"})


def _newest_first(stage: Stage, messages: Sequence[Message]) -> dict[str, Any]:
    """Versions are sent oldest first, with delays that bring the older behind the newer."""
    stage.send(messages, delay_s=lambda each: LONGEST_DELAY_S * (VERSIONS - each.texts[0].version) // (VERSIONS - 1))
    stage.drain()
    texts = {each.body: each.texts[0] for each in messages}
    newest: Counter[str] = Counter()
    for batch in stage.received():
        for text in (texts[each["Body"]] for each in batch):
            stage.injector.count(LATE, text.version < newest[text.id])
            newest[text.id] = max(text.version, newest[text.id])
    return {}


def _batches_with(*poisonous: int) -> Make:
    """Batches of which one after the other holds so much poison, among good messages."""

    def make(count: int, random: Random) -> list[Message]:
        return [*_in_turn(iter(shuffled(count, random)), iter(poison(count)), count // SEND_BATCH)]

    def _in_turn(good: Iterator[Message], bad: Iterator[Message], batches: int) -> Iterator[Message]:
        for number in range(batches):
            evil = poisonous[number % len(poisonous)]
            for place in range(SEND_BATCH):
                yield next(bad if place < evil else good)

    return make


def _as_sent(stage: Stage, messages: Sequence[Message]) -> dict[str, Any]:
    """The poller starts when all is there, so that it takes the batches as they were sent."""
    stage.send(messages)
    stage.local.mapping.resume()
    stage.drain()
    bad = {each.body for each in messages if not each.texts}
    stage.injector.count(POISON, len(bad))
    taken = Counter(sum(each["Body"] in bad for each in batch) for batch in stage.received())
    return {"batches by their poison": dict(sorted(taken.items()))}


def _refused_and_redriven(stage: Stage, messages: Sequence[Message]) -> dict[str, Any]:
    """Old versions are refused; then the table is mended, new versions of half of them come, and all is redriven."""
    stage.send(messages)
    stage.drain()
    stage.injector.active = False
    newer = [replace(each.texts[0], version=2) for each in messages[::2]]
    stage.send([message(text, dated=_dated(text)) for text in newer])
    stage.drain()
    redriven = stage.redrive()
    stage.injector.count(REDRIVEN, len(redriven))
    stage.drain()
    return {"copies redriven": len(redriven) - len(set(redriven))}


def _old_versions(count: int, random: Random) -> list[Message]:
    texts = [Text(f"text-{number}", 1) for number in range(count * 2 // 3)]
    return [message(text, dated=_dated(text)) for text in texts]


def _dated(text: Text) -> bool:
    return len(text.id) % 2 == 0


def _kill_poller(call: Call, stage: Stage) -> Answer:
    """The function has answered, and the messages are not deleted."""
    send_signal(stage.poller_pid, signal.SIGKILL)
    raise Dropped


def _with_mortal_poller(stage: Stage, messages: Sequence[Message]) -> dict[str, Any]:
    stage.send(messages)
    started = 0
    while stage.local.depth(stage.local.queue_url):
        with mortal_poller(stage.local.function_config, replace(stage.local.mapping_config, enabled=True)) as poller:
            started, stage.poller_pid = started + 1, poller.pid
            if not stage.drain(until=lambda: poller.poll() is not None):
                break
    return {"pollers started": started}


TWICE = Fault(
    what=AGAIN, operation="ReceiveMessage", do=_deliver_again, when=lambda call, stage: len(_again(call, stage)) > 0
)

SCENARIOS: Sequence[Scenario] = (
    Scenario(
        name="each message delivered twice",
        faults=[TWICE],
        must={"repeats absorbed": lambda seen, account: seen.absorbed >= account.sent},
    ),
    Scenario(name="delivered out of order", messages=lambda count, _: versions(count, VERSIONS), play=_newest_first),
    Scenario(
        name="whole batches of poison",
        messages=_batches_with(SEND_BATCH, 0, 0),
        play=_as_sent,
        must={
            "all of it dead-lettered with a reason": lambda seen, account: (
                account.dead_lettered == seen.hits[POISON] and "given up by SQS" not in seen.reasons
            ),
            "a batch of nothing else": lambda seen, _: seen.notes["batches by their poison"].get(SEND_BATCH, 0) > 0,
        },
        paused=True,
    ),
    Scenario(
        name="one poison among nine",
        messages=_batches_with(1),
        play=_as_sent,
        must={
            "it alone dead-lettered": lambda seen, account: account.dead_lettered == seen.hits[POISON],
            "nothing delivered twice": lambda seen, _: seen.redeliveries == 0,
        },
        paused=True,
        visibility_s=30,
    ),
    Scenario(
        name="dead-letter queue refuses, then recovers",
        faults=[
            Fault(
                what="SendMessage refused",
                operation="SendMessage",
                do=refuse("ServiceUnavailable", status=503),
                share=0.9,
                times=60,
            )
        ],
        messages=_batches_with(2),
        visibility_s=5,  # the calls are tried again for seconds
        must={"messages that came again": lambda seen, _: seen.redeliveries > 0},
    ),
    Scenario(
        name="dead-letter queue hangs, then recovers",
        faults=[Fault(what="SendMessage never answered", operation="SendMessage", do=hang, times=12)],
        messages=_batches_with(2),
        must={
            "messages that came again": lambda seen, _: seen.redeliveries > 0,
            "no invocation timed out": lambda seen, _: not seen.errors,
        },
        settings={"timeoutSeconds": 3},
        visibility_s=5,
    ),
    Scenario(
        name="dead letters redriven after a fix",
        faults=[
            Fault(
                what="PutItem refused as invalid", operation="PutItem", do=refuse("ValidationException"), share=1 / 2
            ),
            Fault(
                what="PutItem throttled",
                operation="PutItem",
                do=refuse("ProvisionedThroughputExceededException"),
            ),
            Fault(
                what="SendMessage refused, until SQS gives up",
                operation="SendMessage",
                do=refuse("ServiceUnavailable", status=503),
                when=lambda call, stage: "-3" in call.request["MessageBody"],
            ),
            Fault(
                what="SendMessage done, connection closed",
                operation="SendMessage",
                do=lose_the_answer,
                share=1 / 4,
            ),
        ],
        messages=_old_versions,
        play=_refused_and_redriven,
        must={
            "dead letters that were redriven": lambda seen, _: seen.hits[REDRIVEN] > 0,
            "all of them stored or absorbed": lambda seen, account: account.dead_lettered == 0,
            "copies redriven": lambda seen, _: seen.notes["copies redriven"] > 0,
            "old versions and copies absorbed": lambda seen, _: seen.absorbed > 0,
        },
    ),
    Scenario(
        name="poller killed between answer and delete",
        faults=[
            Fault(
                what="SIGKILL to the poller at its delete",
                operation="DeleteMessageBatch",
                do=_kill_poller,
                share=1 / 3,
                times=5,
            )
        ],
        play=_with_mortal_poller,
        must={
            "messages that came again": lambda seen, _: seen.redeliveries > 0,
            "repeats absorbed": lambda seen, _: seen.absorbed > 0,
        },
        paused=True,
    ),
)
