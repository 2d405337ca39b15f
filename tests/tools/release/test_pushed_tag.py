"""Updates on the real Pulumi CLI reuse images from the repository: after a revert, and after a killed update."""

import json
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.tools.release.engine import Stack, why_not
from tests.tools.release.stand_in_plugin import KILL_AFTER_PUSH
from tests.tools.release.test_engine import on_stand_ins
from tests.waiting import HANG_S
from tools.local.cloud import Cloud
from tools.local.program import stack_config
from tools.release.image import REPOSITORY

pytestmark = [
    pytest.mark.skipif(bool(reason := why_not()), reason=reason or "nothing is missing"),
    on_stand_ins,
    pytest.mark.slow(reason="each deploys a stack with the real CLI"),
]
CODE = "function/answer.py"


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    with Cloud(stack_config("dev", {})["aws:region"]) as cloud:
        stack = Stack(tmp_path, cloud)
        stack.up()
        yield stack


def pushed(stack: Stack) -> set[str]:
    """The digests that the stack's repository holds; its tags are immutable, so a second push of one fails."""
    ecr = stack.cloud.client("ecr")
    (repository,) = ecr.describe_repositories()["repositories"]
    return {i["imageDigest"] for i in ecr.list_images(repositoryName=repository["repositoryName"])["imageIds"]}


def deployed(stack: Stack) -> str:
    """The digest of the image that the newest version runs."""
    return str(stack.run("pulumi", "stack", "output", "imageUri", "--stack", "dev")).strip().partition("@")[2]


def test_a_revert_reuses_the_image_that_was_already_pushed(stack: Stack) -> None:
    code = (stack.project / CODE).read_bytes()
    first = deployed(stack)
    stack.change_the_code()
    stack.up()
    assert pushed(stack) == {first, deployed(stack)}
    second = deployed(stack)
    assert second != first

    (stack.project / CODE).write_bytes(code)
    stack.up()
    assert deployed(stack) == first
    assert pushed(stack) == {first, second}
    assert stack.alias() == ("3", {})


def test_an_update_reuses_the_image_that_a_killed_update_pushed(stack: Stack) -> None:
    (first,) = pushed(stack)
    stack.change_the_code()
    update = ("pulumi", "up", "--yes", "--skip-preview", "--stack", "dev")
    stack.environment[KILL_AFTER_PUSH] = "yes"
    killed = stack.start(*update)
    killed.communicate(timeout=HANG_S)
    assert killed.returncode == -signal.SIGKILL
    del stack.environment[KILL_AFTER_PUSH]
    (second,) = pushed(stack) - {first}
    assert deployed(stack) == first

    stack.run("pulumi", "cancel", "--yes", "--stack", "dev")  # it left its lock
    stack.run(*update)
    assert deployed(stack) == second
    assert pushed(stack) == {first, second}
    assert stack.alias() == ("2", {})


def test_the_repository_can_be_created_before_the_first_image(stack: Stack) -> None:
    stack.run("pulumi", "stack", "init", "new")
    targets = [part for target in REPOSITORY for part in ("--target", target)]
    (stack.project / "Pulumi.new.yaml").write_text(stack.file())
    stack.run("pulumi", "up", "--yes", "--skip-preview", "--stack", "new", *targets)
    outputs = json.loads(stack.run("pulumi", "stack", "output", "--json", "--stack", "new"))
    assert ".dkr.ecr." in outputs["repositoryUrl"]
