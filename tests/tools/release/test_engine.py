"""The release path on the real Pulumi CLI: canaries, rollbacks, locks, signals, drift and destroy.

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
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import yaml

from components.function import ALIAS
from tests.tools.release.deployed_pipeline import DeployedPipeline
from tests.tools.release.engine import STANDIN_PYTHON, Stack, why_not
from tests.waiting import HANG_S, eventually
from tools.local.cloud import Cloud
from tools.local.program import ROOT, stack_config
from tools.project import PROJECT

CANARY = {"canaryPercent": "10", "bakeMinutes": "10"}
FAILS = """

answers = handler


def handler(event, context):
    if "Records" in event:
        raise RuntimeError("a version that answers whoever asks it, and fails on the queue's batches")
    return answers(event, context)
"""
INT_SECONDS, TERM_SECONDS = 7.5, 2.5  # how long GitHub's runner waits after each signal to a cancelled step


# The real aws plugin needs these. Otherwise it would wait for an attribute that never comes, moto's event source
# mapping would take the messages, and Docker could not push to moto's registry.
NOT_IN_MOTO = ["--exclude", "**RedriveAllowPolicy::**"]
ANY_PLUGIN = {
    "imageUri": "123456789012.dkr.ecr.us-west-2.amazonaws.com/sentiment@sha256:" + "0" * 64,
    "consume": "false",
    "aws:skipCredentialsValidation": "true",
}

pytestmark = [
    pytest.mark.skipif(bool(reason := why_not()), reason=reason or "nothing is missing"),
    pytest.mark.slow(reason="each deploys a stack with the real CLI"),
]
on_stand_ins = pytest.mark.skipif(
    STANDIN_PYTHON not in os.environ, reason="the Pulumi plugins are no stand-ins on moto"
)


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    with Cloud(stack_config("dev", {})["aws:region"]) as cloud:
        yield Stack(tmp_path, cloud)


def test_a_preview_after_an_update_finds_nothing_to_create(stack: Stack) -> None:
    """This test runs on the real plugins too, if they are installed."""
    for key, value in ANY_PLUGIN.items():
        stack.run("pulumi", "config", "set", key, value, "--stack", "dev")
    preview = ("pulumi", "preview", "--json", "--stack", "dev", *NOT_IN_MOTO)
    assert json.loads(stack.run(*preview))["changeSummary"]["create"] > 1
    stack.run("pulumi", "up", "--yes", "--skip-preview", "--stack", "dev", *NOT_IN_MOTO)
    assert json.loads(stack.run("pulumi", "stack", "output", "--json", "--stack", "dev"))["queueUrl"]
    assert "create" not in json.loads(stack.run(*preview))["changeSummary"]


@on_stand_ins
def test_a_rollback_during_a_canary_holds_the_stack_until_unhold(stack: Stack) -> None:
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
        rollout.send_signal(signal.SIGTERM)  # on a busy machine it may have seen the rollback and ended before
        rollout.communicate(timeout=HANG_S)

    assert "make unhold STACK=dev" in stack.release("rollout", fails=True)
    assert re.search(r'canaryPercent: "?10', stack.file())
    assert "10 % of the batches" in stack.release("unhold")
    assert "stableVersion" not in stack.file()


@on_stand_ins
def test_a_version_that_mixes_up_its_answers_is_rolled_back_before_the_bake(stack: Stack) -> None:
    stack.up(**CANARY)
    with (stack.project / "function/onnx_backend.py").open("a") as code:
        code.write("in_order = OnnxClassifier.classify\n")
        code.write("OnnxClassifier.classify = lambda self, texts: in_order(self, texts)[::-1]\n")
    with stack.at_work():
        assert "because version 2 is wrong: " in stack.release("rollout", fails=True)
    assert stack.alias() == ("1", {})
    assert "stableVersion" in stack.file()


@on_stand_ins
def test_a_rollback_succeeds_despite_a_lock_and_a_changed_checkout(
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
    stack.run("pulumi", "config", "set", "provisionedConcurrency", "2", "--stack", "dev")  # registers one more alarm
    stack.release("rollback", "--version", "2")
    assert stack.alias() == ("2", {})
    assert stack.run("pulumi", "stack", "output", "--json", "--stack", "dev") == outputs


@on_stand_ins
def test_a_signal_ends_a_rollout_without_leaving_a_lock_or_setting(stack: Stack) -> None:
    stack.up(**CANARY)
    before = stack.file()
    stack.change_the_code()
    rollout = stack.start_updating(*stack.tool("rollout"))
    rollout.send_signal(signal.SIGTERM)
    rollout.communicate(timeout=HANG_S)
    assert rollout.returncode == 128 + signal.SIGTERM
    assert stack.locks() == []
    assert stack.file() == before
    stack.up()


@on_stand_ins
def test_a_rollout_explains_how_to_unlock_after_an_early_signal(stack: Stack, tmp_path: Path) -> None:
    stack.up(**CANARY)
    pulumi = tmp_path / "pulumi"
    real = shutil.which("pulumi")
    pulumi.write_text(f'#!/bin/sh\n[ "$1" = up ] && echo up && exec sleep {HANG_S}\nexec {real} "$@"\n')
    pulumi.chmod(0o755)
    stack.environment["PATH"] = f"{tmp_path}:{stack.environment['PATH']}"
    rollout = stack.start(*stack.tool("rollout"))
    assert rollout.stdout
    assert any(line == "up\n" for line in rollout.stdout)
    rollout.send_signal(signal.SIGTERM)
    said, _ = rollout.communicate(timeout=HANG_S)
    assert rollout.returncode == 128 + signal.SIGTERM
    assert "pulumi cancel --stack dev" in said


@on_stand_ins
def test_a_deployment_repairs_an_alias_that_somebody_moved_or_deleted(stack: Stack) -> None:
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


@on_stand_ins
@pytest.mark.parametrize("image", ["foo", "123456789012.dkr.ecr.us-west-2.amazonaws.com/sentiment:latest"])
def test_a_rollout_refuses_an_image_without_a_digest_and_saves_nothing(stack: Stack, image: str) -> None:
    before = stack.file()
    assert "imageUri" in stack.release("rollout", "--image", image, fails=True)
    assert stack.file() == before


@on_stand_ins
def test_destroy_deletes_nothing_under_protection_and_everything_without_it(stack: Stack) -> None:
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


@on_stand_ins
def test_a_canary_promotes_a_working_version_and_rolls_back_a_failing_one(stack: Stack) -> None:
    stack.up(**CANARY | {"canaryPercent": "50", "batchWindowSeconds": "0"})
    python = stack.tool()[0]
    with DeployedPipeline("dev", stack.project, stack.environment) as pipeline:
        stack.environment |= {"AWS_ENDPOINT_URL_LAMBDA": pipeline.url, "STACK": "dev"}
        smoke = stack.run(python, "-m", "tools.release.smoke", "--patience", str(HANG_S))
        assert "version 1 answers 5 texts as its model did when built" in smoke
        assert "5 of 5 right through the queue" in smoke
        (stack.project / "texts.csv").write_text("id,text\nown,I like it.\n")
        stack.run(python, "-m", "sentiment", "send", "texts.csv")
        assert "POSITIVE" in stack.run(
            python, "-m", "sentiment", "results", "--follow", "--patience", str(HANG_S), "own"
        )

        stack.change_the_code()
        status, said = with_traffic(stack, stack.start_hurried("rollout"))
        assert (status, stack.alias()) == (0, ("2", {})), said
        assert pipeline.ran["2"] > 0
        assert "got no batch" not in said

        stack.change_the_code("handler", FAILS)
        status, said = with_traffic(stack, stack.start_hurried("rollout"))
        assert f"Rolling back to version 2: {PROJECT}-dev-alarm-canary-errors" in said
        assert (status, stack.alias(), stack.last_update()["result"]) == (1, ("2", {}), "succeeded"), said


def with_traffic(stack: Stack, rollout: subprocess.Popen[str]) -> tuple[int, str]:
    """Send texts for as long as a rollout runs; returns its exit status and output."""
    sqs = stack.cloud.client("sqs")
    outputs = json.loads(stack.run("pulumi", "stack", "output", "--json", "--stack", "dev"))
    while rollout.poll() is None:
        sqs.send_message(QueueUrl=outputs["queueUrl"], MessageBody=json.dumps({"id": "traffic", "text": "Fine."}))
        time.sleep(0.2)
    out, err = rollout.communicate()
    return rollout.returncode, out + err


@on_stand_ins
def test_prod_runs_the_dev_image_and_builds_none(stack: Stack) -> None:
    stack.up()
    ecr = stack.cloud.client("ecr")
    (repository,) = [each["repositoryName"] for each in ecr.describe_repositories()["repositories"]]
    (image,) = ecr.list_images(repositoryName=repository)["imageIds"]
    ecr.start_image_scan(repositoryName=repository, imageId=image)  # moto does not scan on push
    digest = stack.release("promotable").strip()
    stack.run("pulumi", "stack", "init", "prod")
    stack.run(*stack.tool("rollout", "--image", digest)[:-1], "prod")
    served = [
        stack.lambda_.get_function(FunctionName=each["FunctionName"])["Code"]["ImageUri"]
        for each in stack.lambda_.list_functions()["Functions"]
    ]
    assert served == [digest, digest]
    repositories = [r["repositoryName"] for r in ecr.describe_repositories()["repositories"]]
    assert sorted(len(ecr.list_images(repositoryName=name)["imageIds"]) for name in repositories) == [0, 1]


@on_stand_ins
@pytest.mark.usefixtures("make_that_installs_nothing")
def test_a_cancelled_deployment_returns_to_the_previously_live_version(stack: Stack, tmp_path: Path) -> None:
    """Run the shell steps of deploy.yml as GitHub's runner does: it ends the cancelled one and runs the next."""
    stack.up()
    stack.change_the_code()
    handed_on = tmp_path / "handed-on"
    stack.environment |= {"STACK": "dev", "GITHUB_OUTPUT": str(handed_on)}
    jobs = yaml.safe_load((ROOT / ".github/workflows/deploy.yml").read_text())["jobs"]
    before, *_, back = [step["run"] for step in jobs["prod"]["steps"] if "run" in step]
    (update,) = [step["run"] for step in jobs["dev"]["steps"] if step.get("name") == "Update"]
    stack.run("bash", "-e", "-c", before)
    assert handed_on.read_text() == "version=1\n"
    step = stack.start_updating("bash", "-e", "-c", update)
    for number, seconds in ((signal.SIGINT, INT_SECONDS), (signal.SIGTERM, TERM_SECONDS), (signal.SIGKILL, HANG_S)):
        step.send_signal(number)
        with suppress(subprocess.TimeoutExpired):
            step.wait(timeout=seconds)
            break
    assert step.returncode

    stack.environment["VERSION"] = handed_on.read_text().strip().partition("=")[2]
    said = stack.run("bash", "-e", "-c", back)
    assert "Version 1 is live" in said
    assert stack.locks() == []
    assert stack.alias() == ("1", {})
    assert stack.last_update()["result"] != "in-progress"
    for pipe in filter(None, (step.stdout, step.stderr)):
        pipe.close()
