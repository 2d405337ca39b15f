"""Faults of the queues: repeated or unordered deliveries, poison, refused dead letters."""

from collections import Counter
from collections.abc import Iterator, Sequence
from random import Random
from typing import Any

from sentiment.batch import MAX_MESSAGES as SEND_BATCH
from tools.chaos.faults import Fault, Scene, be_unavailable, hang
from tools.chaos.messages import Message, poison, shuffled, versions
from tools.chaos.proxy import Answer, Call
from tools.chaos.scenario import Make, Scenario
from tools.chaos.stage import Stage

AGAIN = "messages delivered twice"
LATE = "older versions delivered after newer ones"
POISON = "poison messages"
VERSIONS, LONGEST_DELAY_S = 3, 4


def _again(call: Call, scene: Scene) -> list[dict[str, Any]]:
    """Deliver earlier messages again, as many as this receive requests."""
    once = [each for batch in scene.received() for each in batch]
    return once[scene.injector.hits[AGAIN] :][: call.request["MaxNumberOfMessages"]]


def _deliver_again(call: Call, scene: Scene) -> Answer:
    again = _again(call, scene)
    call.weight = len(again)
    second = {"ApproximateReceiveCount": "2"}
    messages = [{**each, "Attributes": {**each["Attributes"], **second}} for each in again]
    return Answer(status=200, body={"Messages": messages}, headers={"Content-Type": "application/x-amz-json-1.0"})


def _newest_first(stage: Stage, messages: Sequence[Message]) -> dict[str, Any]:
    """Send versions oldest first, with delays that deliver older ones after newer ones."""
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
    """Batches with the given amounts of poison, one after the other, among good messages."""

    def make(count: int, random: Random) -> list[Message]:
        return [*_in_turn(iter(shuffled(count, random)), iter(poison(count)), count // SEND_BATCH)]

    def _in_turn(good: Iterator[Message], bad: Iterator[Message], batches: int) -> Iterator[Message]:
        for number in range(batches):
            evil = poisonous[number % len(poisonous)]
            for index in range(SEND_BATCH):
                yield next(bad if index < evil else good)

    return make


def _as_sent(stage: Stage, messages: Sequence[Message]) -> dict[str, Any]:
    """Start the poller once everything is sent, so that it takes the batches as they were sent."""
    stage.send(messages)
    stage.local.mapping.resume()
    stage.drain()
    bad = {each.body for each in messages if not each.texts}
    stage.injector.count(POISON, len(bad))
    taken = Counter(sum(each["Body"] in bad for each in batch) for batch in stage.received())
    return {"batches by their poison": dict(sorted(taken.items()))}


TWICE = Fault(
    what=AGAIN, operation="ReceiveMessage", do=_deliver_again, when=lambda call, scene: len(_again(call, scene)) > 0
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
                do=be_unavailable,
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
            # Not all of them, as on a busy machine a fifth of a second is not enough for an answer.
            "an invocation that ended before its timeout": lambda seen, _: seen.in_time > 0,
        },
        settings={"timeoutSeconds": 3},
        visibility_s=5,
    ),
)
