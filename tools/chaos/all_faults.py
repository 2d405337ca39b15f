"""The scenario with all faults at once."""

from collections.abc import Sequence
from random import Random

from tools.chaos.faults import Fault, kill, lose_the_answer, throttle
from tools.chaos.messages import Message, poison, shuffled
from tools.chaos.queue_faults import TWICE
from tools.chaos.scenario import Scenario


def _some_poison(count: int, random: Random) -> list[Message]:
    found = [*shuffled(count * 9 // 10, random), *poison(count // 10)]
    return random.sample(found, len(found))


SCENARIOS: Sequence[Scenario] = (
    Scenario(
        name="all at once",
        faults=[
            TWICE,
            Fault(what="SIGKILL to the runtimes at a write", operation="PutItem", do=kill, share=1 / 60, times=5),
            Fault(
                what="PutItem throttled",
                operation="PutItem",
                do=throttle,
                share=0.3,
                times=200,
            ),
            Fault(
                what="PutItem done, connection closed", operation="PutItem", do=lose_the_answer, share=0.1, times=100
            ),
            Fault(
                what="SendMessage done, connection closed",
                operation="SendMessage",
                do=lose_the_answer,
                share=0.5,
                times=20,
            ),
        ],
        messages=_some_poison,
    ),
)
