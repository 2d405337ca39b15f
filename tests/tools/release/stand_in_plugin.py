"""The plugins' stand-in, with what it lacks: run in Python's place as `-u STAND_IN ENGINE`.

It says which images a repository holds, and where the environment asks for it, it kills the engine after a push.
"""

import importlib.util
import os
import signal
import sys
import threading
import time
from pathlib import Path
from types import ModuleType
from typing import Any

from pulumi.runtime.proto import provider_pb2

KILL_AFTER_PUSH = "STAND_IN_KILLS_THE_ENGINE_AFTER_A_PUSH"
GET_IMAGES = "aws:ecr/getImages:getImages"


def load(path: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location("standin", path)
    if spec is None or spec.loader is None:
        raise ImportError(f"no stand-in for the plugins at {path}")
    stand_in = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(stand_in)
    return stand_in


def answer_images(stand_in: ModuleType) -> None:
    """Have its Invoke list a repository's images, as moto's ECR has them."""
    others = stand_in.Provider.Invoke

    def invoke(provider: Any, request: Any, context: Any) -> Any:
        if request.tok != GET_IMAGES:
            return others(provider, request, context)
        given = stand_in.plain(request.args)
        ecr = provider.cloud.client("ecr")
        pages = ecr.get_paginator("list_images").paginate(repositoryName=given["repositoryName"])
        held = [image for page in pages for image in page["imageIds"]]
        images = [{"imageDigest": i["imageDigest"], "imageTag": i.get("imageTag", "")} for i in held]
        answer = stand_in.struct({**given, "id": given["repositoryName"], "imageIds": images})
        return provider_pb2.InvokeResponse(**{"return": answer})

    stand_in.Provider.Invoke = invoke


def kill_after_push(stand_in: ModuleType) -> None:
    """Have it kill the engine, which started it, between a push and the checkpoint that would say so."""
    push = stand_in.Cloud.image

    def push_and_kill(cloud: Any, old: str | None, inputs: dict[str, Any]) -> Any:
        push(cloud, old, inputs)
        os.kill(os.getppid(), signal.SIGKILL)
        signal.pause()  # no answer, so nothing that the engine could still write down

    stand_in.Cloud.image = push_and_kill


def end_with_the_engine() -> None:
    """A killed engine ends none of the plugins that it started."""
    engine = os.getppid()
    while os.getppid() == engine:
        time.sleep(0.2)
    os._exit(0)


def interpreter(place: Path) -> Path:
    """A program for STANDIN_PYTHON, by which the plugins are started."""
    program = place / "python-of-the-stand-in"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{__file__}" "$@"\n')
    program.chmod(0o755)
    return program


if __name__ == "__main__":
    threading.Thread(target=end_with_the_engine, daemon=True).start()
    module = load(sys.argv[2])
    answer_images(module)
    if KILL_AFTER_PUSH in os.environ:
        kill_after_push(module)
    module.main()
