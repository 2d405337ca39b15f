"""Faults of the runtime: it is killed, hangs, or runs out of memory."""

from collections.abc import Sequence
from random import Random

from tools.chaos.faults import Fault, Scene, freeze, kill, kill_before, throttle
from tools.chaos.messages import HUNGRY, Message, Text, message, shuffled
from tools.chaos.proxy import Call
from tools.chaos.scenario import Scenario
from tools.chaos.stage import MEMORY

EXIT, TIMEOUT = "Runtime.ExitError", "Sandbox.Timedout"
DOOMED = "doomed"


def _some_hungry(count: int, random: Random) -> list[Message]:
    hungry = [message(Text(f"{HUNGRY}-{number}", 1)) for number in range(max(2, count // 60))]
    return random.sample(found := [*shuffled(count, random), *hungry], len(found))


def _some_doomed(count: int, random: Random) -> list[Message]:
    doomed = [message(Text(f"{DOOMED}-{number}", 1)) for number in range(max(12, count // 10))]
    return random.sample(found := [*shuffled(count, random), *doomed], len(found))


def _is_doomed(call: Call, scene: Scene) -> bool:
    return DOOMED in str(call.request)


SCENARIOS: Sequence[Scenario] = (
    Scenario(
        name="runtime killed in the middle of a batch",
        faults=[Fault(what="SIGKILL to the runtimes at a write", operation="PutItem", do=kill, share=1 / 25, times=12)],
        must={"invocations ended by the kill": lambda seen, _: seen.errors[EXIT] > 0},
    ),
    Scenario(
        name="runtime killed on the last delivery",
        faults=[
            Fault(
                what="a write is refused on every delivery",
                operation="PutItem",
                do=throttle,
                when=_is_doomed,
            ),
            Fault(
                what="SIGKILL before a dead letter is taken",
                operation="SendMessage",
                do=kill_before,
                times=1,  # a kill ends a whole batch's dead-lettering, and there may be two batches only
            ),
            Fault(what="SIGKILL after a dead letter is taken", operation="SendMessage", do=kill, times=4),
        ],
        messages=_some_doomed,
        must={"SQS gave up what the function could not": lambda seen, _: seen.reasons["given up by SQS"] > 0},
    ),
    Scenario(
        name="function times out",
        faults=[
            Fault(what="SIGSTOP to the runtimes at a write", operation="PutItem", do=freeze, share=1 / 30, times=6)
        ],
        must={"invocations that timed out": lambda seen, _: seen.errors[TIMEOUT] > 0},
        settings={"timeoutSeconds": 3},
        visibility_s=5,
    ),
    Scenario(
        name="memory exhausted",
        messages=_some_hungry,
        handler="tools.chaos.hungry.handler",
        must={
            "runtimes killed over their memory limit": lambda seen, _: seen.hits[MEMORY] > 0,
            "invocations ended by the kill": lambda seen, _: seen.errors[EXIT] > 0,
        },
    ),
)
