"""Faults of the poller: it dies between the function's answer and the delete."""

import signal
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from tools.chaos.faults import Fault, Scene, send_signal
from tools.chaos.messages import Message
from tools.chaos.mortal_poller import mortal_poller
from tools.chaos.proxy import Answer, Call, Dropped
from tools.chaos.scenario import Scenario
from tools.chaos.stage import Stage


def _kill_poller(call: Call, scene: Scene) -> Answer:
    """Kill the poller after the function's answer, before it deletes the messages."""
    send_signal(scene.poller_pid, signal.SIGKILL)
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


SCENARIOS: Sequence[Scenario] = (
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
