"""`make image-test` builds what the component registers; a check of the engine's command, without Docker."""

import shlex
from pathlib import Path
from typing import Any

import pytest

from tools.local.docker.build import build
from tools.local.docker.engine import DockerError, Engine
from tools.local.program import ROOT
from tools.local.recorder import Recorder

ECHO = """#!/bin/sh
printf '%s ' "$@"; pwd
"""


@pytest.fixture
def said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The engine's commands, each with its working folder at the end; the client only echoes them."""
    client = tmp_path / "docker"
    client.write_text(ECHO)
    client.chmod(0o755)
    answers: list[str] = []
    run = Engine.run

    def recorded(engine: Engine, *arguments: str, **options: Any) -> str:
        answers.append(run(Engine(str(client)), *arguments, **options))
        return answers[-1]

    monkeypatch.setattr(Engine, "run", recorded)
    return answers


def test_the_build_command_matches_the_registered_image(stack: Recorder, said: list[str]) -> None:
    given = stack.one("docker:index/image:Image").inputs
    build(Engine("docker"), given["imageName"], given["build"], base="a-base")
    arguments = {"BASE_IMAGE": "a-base", **given["build"]["args"]}
    assert [shlex.split(command) for command in said] == [
        [
            *("build", "--network=host"),
            *("--tag", given["imageName"], "--file", given["build"]["dockerfile"]),
            *("--platform", given["build"]["platform"]),
            *(part for name, value in arguments.items() for part in ("--build-arg", f"{name}={value}")),
            given["build"]["context"],
            str(ROOT),
        ]
    ]


def test_the_build_refuses_an_option_that_it_does_not_support(dev: Recorder, said: list[str]) -> None:
    given = {**dev.one("docker:index/image:Image").inputs["build"], "target": "code"}
    with pytest.raises(DockerError, match=r"\['target'\]"):
        build(Engine("docker"), "image:tag", given, base="a-base")
    assert said == []
