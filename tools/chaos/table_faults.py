"""Faults of the table: it throttles, refuses, hangs, or stores a result without confirming it."""

from collections.abc import Sequence

from tools.chaos.faults import Fault, find_invalid, hang, lose_the_answer, throttle
from tools.chaos.scenario import Scenario

REFUSED = "text-3"  # an id

SCENARIOS: Sequence[Scenario] = (
    Scenario(
        name="table throttles, then recovers",
        faults=[
            Fault(
                what="PutItem throttled",
                operation="PutItem",
                do=throttle,
                share=0.8,
                times=120,
            )
        ],
        visibility_s=5,  # the calls are tried again for seconds
        must={"messages that came again": lambda seen, _: seen.redeliveries > 0},
    ),
    Scenario(
        name="table refuses one item",
        faults=[
            Fault(
                what="PutItem refused as invalid",
                operation="PutItem",
                do=find_invalid,
                when=lambda call, scene: call.request["Item"]["id"]["S"] == REFUSED,
            )
        ],
        must={
            "its messages dead-lettered with the reason": lambda seen, _: seen.reasons["CannotBeStored"] > 0,
            "nothing else dead-lettered": lambda seen, account: (
                set(seen.reasons) == {"CannotBeStored"} and account.dead_lettered <= 2
            ),
        },
    ),
    Scenario(
        name="table hangs, then recovers",
        faults=[Fault(what="PutItem never answered", operation="PutItem", do=hang, times=25)],
        must={
            "messages that came again": lambda seen, _: seen.redeliveries > 0,
            # Not all of them, as on a busy machine a second is not enough for an answer.
            "an invocation that ended before its timeout": lambda seen, _: seen.in_time > 0,
        },
        settings={"timeoutSeconds": 3},
        visibility_s=5,
    ),
    Scenario(
        name="table's answers get lost",
        faults=[
            Fault(what="PutItem done, connection closed", operation="PutItem", do=lose_the_answer, share=0.2, times=100)
        ],
        visibility_s=5,  # the calls are tried again for seconds
        must={"repeats absorbed": lambda seen, _: seen.absorbed > 0},
    ),
)
