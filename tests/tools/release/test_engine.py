"""The release path on the real Pulumi CLI: canaries taken back, locks, signals, drift, what destroy refuses.

AWS is moto's server, and the provider plugins are stand-ins that act on it: the real aws plugin waits for a queue's
RedriveAllowPolicy, which moto lacks.
"""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from components.function import ALIAS
from tests.stacks import DEV
from tests.tools.release.deployed_pipeline import DeployedPipeline
from tests.tools.release.test_automation import why_not
from tests.waiting import HANG_S, eventually
from tools.local.cloud import Cloud
from tools.local.program import ROOT, stack_config
from tools.project import PROJECT

CANARY = {"canaryPercent": "10", "bakeMinutes": "10"}


def missing() -> str:
    return why_not() or ("" if "STANDIN_PYTHON" in os.environ else "the Pulumi plugins are no stand-ins on moto")


pytestmark = [
    pytest.mark.skipif(bool(reason := missing()), reason=reason or "nothing is missing"),
    pytest.mark.slow(reason="each deploys a stack with the real CLI"),
]


class Stack:
    """A copy of the project with a stack of its own, and commands that run in it."""

    def __init__(self, place: Path, cloud: Cloud):
        self.project, self.state, self.cloud = place / "project", place / "state", cloud
        shutil.copytree(ROOT, self.project, ignore=shutil.ignore_patterns(".*", "build", "dist", "docs", "tests"))
        (self.project / ".venv").symlink_to((ROOT / ".venv").resolve())
        shutil.copy(DEV, self.project / "Pulumi.dev.yaml")  # whatever the checkout's file says
        self.state.mkdir()
        self.environment = {
            **os.environ,
            "PULUMI_BACKEND_URL": f"file://{self.state}",
            "PULUMI_CONFIG_PASSPHRASE": "test",
            "AWS_ACCESS_KEY_ID": "local",
            "AWS_SECRET_ACCESS_KEY": "local",
            "AWS_ENDPOINT_URL": cloud.url,
        }
        self.lambda_ = cloud.client("lambda")
        self.run("pulumi", "stack", "init", "dev")

    def start(self, *command: str) -> subprocess.Popen[str]:
        pipe = subprocess.PIPE
        return subprocess.Popen(command, cwd=self.project, env=self.environment, stdout=pipe, stderr=pipe, text=True)

    def run(self, *command: str, fails: bool = False) -> str:
        """What the command says; it has to fail, or not to."""
        done = self.start(*command)
        out, err = done.communicate(timeout=HANG_S)
        assert bool(done.returncode) is fails, f"{command}: exit {done.returncode}\n{out}{err}"
        return out + err

    def tool(self, *command: str) -> list[str]:
        return [str(self.project / ".venv/bin/python"), "-m", "tools.release", *command, "--stack", "dev"]

    def release(self, *command: str, fails: bool = False) -> str:
        return self.run(*self.tool(*command), fails=fails)

    def up(self, **config: str) -> None:
        settings = [part for key, value in config.items() for part in ("--config", f"{PROJECT}:{key}={value}")]
        self.run("pulumi", "up", "--yes", "--skip-preview", "--stack", "dev", *settings)

    def change_the_code(self) -> None:
        with (self.project / "function/answer.py").open("a") as code:
            code.write("# another version\n")

    @contextmanager
    def at_work(self) -> Iterator[DeployedPipeline]:
        """Run the versions of the function; commands invoke them."""
        with DeployedPipeline("dev", self.project, self.environment) as pipeline:
            self.environment["AWS_ENDPOINT_URL_LAMBDA"] = pipeline.url
            yield pipeline
            del self.environment["AWS_ENDPOINT_URL_LAMBDA"]

    @property
    def function(self) -> str:
        return json.loads(self.run("pulumi", "stack", "output", "--json", "--stack", "dev"))["functionName"]

    def alias(self) -> tuple[str, dict[str, float]]:
        (function,) = self.lambda_.list_functions()["Functions"]
        found = self.lambda_.get_alias(FunctionName=function["FunctionName"], Name=ALIAS)
        return found["FunctionVersion"], (found.get("RoutingConfig") or {}).get("AdditionalVersionWeights", {})

    def file(self) -> str:
        return (self.project / "Pulumi.dev.yaml").read_text()

    def locks(self) -> list[Path]:
        return list((self.state / ".pulumi/locks").rglob("*.json"))

    def resources(self) -> list[dict[str, Any]]:
        exported = json.loads(self.run("pulumi", "stack", "export", "--stack", "dev"))
        return exported["deployment"].get("resources", [])

    def last_update(self) -> dict[str, Any]:
        return json.loads(self.run("pulumi", "stack", "history", "--json", "--stack", "dev"))[0]


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    with Cloud(stack_config("dev", {})["aws:region"]) as cloud:
        yield Stack(tmp_path, cloud)


def test_a_rollback_during_a_canary_holds_the_stack_until_unhold_and_the_canary_stays(stack: Stack) -> None:
    stack.up(**CANARY)
    stack.change_the_code()
    with stack.at_work():
        rollout = stack.start(*stack.tool("rollout"))
        eventually(lambda: stack.alias() == ("1", {"2": 0.1}))
        eventually(lambda: not stack.locks())
        assert "stableVersion" not in stack.file()
        assert "Version 1 is live" in stack.release("rollback")
        assert stack.alias() == ("1", {})
        assert stack.last_update()["result"] == "succeeded"
        rollout.send_signal(signal.SIGTERM)  # on a busy machine it has seen the rollback before, and ends by itself
        rollout.communicate(timeout=HANG_S)

    assert "make unhold STACK=dev" in stack.release("rollout", fails=True)
    assert re.search(r'canaryPercent: "?10', stack.file())
    assert "10 % of the batches" in stack.release("unhold")
    assert "stableVersion" not in stack.file()


def test_a_version_that_mixes_up_its_answers_is_taken_back_before_the_bake(stack: Stack) -> None:
    stack.up(**CANARY)
    with (stack.project / "function/onnx_backend.py").open("a") as code:
        code.write("in_order = OnnxClassifier.classify\n")
        code.write("OnnxClassifier.classify = lambda self, texts: in_order(self, texts)[::-1]\n")
    with stack.at_work():
        assert "since version 2 is wrong: " in stack.release("rollout", fails=True)
    assert stack.alias() == ("1", {})
    assert "stableVersion" in stack.file()


def test_a_rollback_meets_a_lock_and_a_difference_of_the_checkout_and_moves_the_alias_all_the_same(
    stack: Stack,
) -> None:
    stack.up()
    stack.change_the_code()
    stack.up()
    outputs = stack.run("pulumi", "stack", "output", "--json", "--stack", "dev")
    with subprocess.Popen(["true"]) as died:
        died.wait()
    lock = stack.state / f".pulumi/locks/organization/{PROJECT}/dev/0.json"
    lock.parent.mkdir(parents=True, exist_ok=True)
    lock.write_text(
        json.dumps(
            {"pid": died.pid, "username": "me", "hostname": socket.gethostname(), "timestamp": "2026-11-26T10:00:00Z"}
        )
    )
    assert "pulumi cancel" in stack.release("rollback")
    assert stack.alias() == ("1", {})

    stack.run("pulumi", "cancel", "--yes", "--stack", "dev")
    stack.run("pulumi", "config", "set", "provisionedConcurrency", "2", "--stack", "dev")  # an alarm more than is there
    stack.release("rollback", "--version", "2")
    assert stack.alias() == ("2", {})
    assert stack.run("pulumi", "stack", "output", "--json", "--stack", "dev") == outputs


def test_a_signal_ends_a_rollout_with_its_pulumi_and_leaves_no_lock_and_no_setting(stack: Stack) -> None:
    stack.up(**CANARY)
    before = stack.file()
    stack.change_the_code()
    rollout = stack.start(*stack.tool("rollout"))
    eventually(stack.locks)
    rollout.send_signal(signal.SIGTERM)
    rollout.communicate(timeout=HANG_S)
    assert rollout.returncode == 128 + signal.SIGTERM
    assert stack.locks() == []
    assert stack.file() == before
    stack.up()


def test_what_was_moved_or_deleted_by_hand_is_seen_and_mended(stack: Stack) -> None:
    stack.up()
    stack.change_the_code()
    stack.up()
    function = stack.function
    stack.lambda_.update_alias(FunctionName=function, Name=ALIAS, FunctionVersion="1")
    assert "version 1" in stack.release("verify", fails=True)
    assert "function-live" in stack.run("pulumi", "preview", "--diff", "--stack", "dev")
    stack.up()
    stack.release("verify")

    stack.run("pulumi", "config", "set", "canaryPercent", "10", "--stack", "dev")
    stack.lambda_.delete_alias(FunctionName=function, Name=ALIAS)
    assert stack.release("live").strip() == ""
    assert "Version 2 is live" in stack.release("rollout")


@pytest.mark.parametrize("image", ["foo", "123456789012.dkr.ecr.us-west-2.amazonaws.com/sentiment:latest"])
def test_an_image_that_is_no_digest_is_refused_and_leaves_the_file_as_it_was(stack: Stack, image: str) -> None:
    before = stack.file()
    assert "imageUri" in stack.release("rollout", "--image", image, fails=True)
    assert stack.file() == before


def test_destroy_is_refused_whole_while_the_protection_is_on_and_leaves_nothing_after_it(stack: Stack) -> None:
    stack.up(deletionProtection="true")
    there = stack.resources()
    assert "protected" in stack.run("pulumi", "destroy", "--yes", "--stack", "dev", fails=True)
    assert {r["urn"] for r in stack.resources()} == {r["urn"] for r in there}
    assert stack.cloud.client("sqs").list_queues()["QueueUrls"]

    stack.up(deletionProtection="false")
    stack.run("pulumi", "destroy", "--yes", "--stack", "dev")
    assert [r for r in stack.resources() if r["custom"]] == []
    assert "QueueUrls" not in stack.cloud.client("sqs").list_queues()
    assert stack.cloud.client("dynamodb").list_tables()["TableNames"] == []
