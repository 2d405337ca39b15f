"""Dead letters redriven late: after the table was repaired, and newer results arrived."""

from collections.abc import Sequence
from dataclasses import replace
from random import Random
from typing import Any

from tools.chaos.faults import Fault, be_unavailable, find_invalid, lose_the_answer, throttle
from tools.chaos.messages import Message, Text, message
from tools.chaos.scenario import Scenario
from tools.chaos.stage import Stage

REDRIVEN = "messages redriven"


def _refused_and_redriven(stage: Stage, messages: Sequence[Message]) -> dict[str, Any]:
    """Refuse old versions; then repair the table, send new versions of half of them, and redrive everything."""
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


SCENARIOS: Sequence[Scenario] = (
    Scenario(
        name="dead letters redriven after a fix",
        faults=[
            Fault(what="PutItem refused as invalid", operation="PutItem", do=find_invalid, share=1 / 2),
            Fault(
                what="PutItem throttled",
                operation="PutItem",
                do=throttle,
            ),
            Fault(
                what="SendMessage refused, until SQS gives up",
                operation="SendMessage",
                do=be_unavailable,
                when=lambda call, scene: "-3" in call.request["MessageBody"],
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
)
