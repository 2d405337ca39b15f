"""Faults of releases: deployments while messages flow, and models that do not load."""

import os
import shutil
import tempfile
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from function.onnx_backend import MODEL_FILE
from tools.chaos.faults import Fault, Scene
from tools.chaos.messages import Message
from tools.chaos.proxy import Answer, Call
from tools.chaos.scenario import Scenario, send_all
from tools.chaos.stage import Stage
from tools.local.stack import DEMO_MODEL

DEPLOYED, BROKEN = "deployments at a write", "releases with a corrupt model"
FAILED_BATCHES = 2  # before a broken release is taken back
DAY_S = 86_400


def _cut(graph: Path) -> None:
    os.truncate(graph, graph.stat().st_size // 2)


def _garbage(graph: Path) -> None:
    graph.write_bytes(bytes(graph.stat().st_size))  # of the right size


def _with_broken_releases(stage: Stage, messages: Sequence[Message]) -> dict[str, Any]:
    """Take releases with models that do not load live while messages wait, and roll them back."""
    damages: Sequence[Callable[[Path], None]] = (_cut, _garbage)
    share = len(messages) // len(damages)
    for number, damage in enumerate(damages):
        with tempfile.TemporaryDirectory() as folder:
            model = Path(shutil.copytree(DEMO_MODEL, Path(folder, "model")))
            damage(model / MODEL_FILE)
            stage.deploy(environment={"MODEL_DIR": str(model)})
            stage.injector.count(BROKEN)
            failed = stage.errors().total() + FAILED_BATCHES
            stage.send(messages[number * share : (number + 1) * share])
            stage.drain(until=lambda: stage.errors().total() >= failed)  # noqa: B023 - called in this turn only
            stage.deploy()
        stage.drain()
    stage.send(messages[len(damages) * share :])
    stage.drain()
    return {}


def _deploy(call: Call, scene: Scene) -> Answer:
    """Take the next version live while a batch is running; its results' time to live identifies it."""
    days = scene.injector.hits[DEPLOYED] + 1
    scene.deploy(version=str(days + 1), environment={"RESULT_TTL_DAYS": str(days)})
    return call.forward()


def _then_count_versions(stage: Stage, messages: Sequence[Message]) -> dict[str, Any]:
    send_all(stage, messages)
    lives = (
        int(item["expires_at"]) - datetime.fromisoformat(item["processed_at"]).timestamp()
        for item in stage.local.results().values()
    )
    return {"versions that stored": len({round(life / DAY_S) for life in lives})}


SCENARIOS: Sequence[Scenario] = (
    Scenario(
        name="model corrupt at init",
        play=_with_broken_releases,
        must={"invocations failed at init": lambda seen, _: seen.errors.total() >= 2 * FAILED_BATCHES},
    ),
    Scenario(
        name="deployed while messages flow",
        faults=[Fault(what=DEPLOYED, operation="PutItem", do=_deploy, share=1 / 12, times=6)],
        play=_then_count_versions,
        must={
            "several versions at work": lambda seen, _: seen.notes["versions that stored"] > 1,
            "no invocation failed": lambda seen, _: not seen.errors,
        },
        visibility_s=30,
    ),
)
