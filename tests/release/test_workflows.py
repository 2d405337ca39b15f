"""The workflows: well formed, safe, pinned; and their shell steps, run on this machine."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from local.program import ROOT
from local.stack import LocalStack
from tests.release.conftest import PulumiStandIn, pushed

BIN = Path(sys.executable).parent
GITHUB = ROOT / ".github"
WORKFLOWS = sorted((GITHUB / "workflows").glob("*.yml"))
PINNED = re.compile(r"- (?:name: .*\n\s+)?uses: ([\w./-]+)@([0-9a-f]{40}) # v\d+\.\d+\.\d+\n")


def workflow(name: str) -> dict[str, Any]:
    return yaml.safe_load((GITHUB / "workflows" / f"{name}.yml").read_text())


def steps(workflow: dict[str, Any]) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    for job in workflow["jobs"].values():
        for step in job["steps"]:
            yield job, step


def run_tool(*command: str) -> None:
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr


# Form


def test_the_workflows_keep_to_githubs_schema() -> None:
    run_tool(str(BIN / "check-jsonschema"), "--builtin-schema", "vendor.github-workflows", *map(str, WORKFLOWS))
    run_tool(str(BIN / "check-jsonschema"), "--builtin-schema", "vendor.dependabot", str(GITHUB / "dependabot.yml"))


def test_zizmor_finds_nothing_unsafe() -> None:
    run_tool(str(BIN / "zizmor"), "--offline", "--quiet", str(GITHUB))


@pytest.mark.skipif(not shutil.which("actionlint"), reason="actionlint is not on the PATH: pre-commit brings its own")
def test_actionlint_finds_nothing() -> None:
    run_tool("actionlint", *map(str, WORKFLOWS))


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_every_action_is_pinned_by_commit_with_its_version_beside_it(path: Path) -> None:
    used = [step["uses"] for _, step in steps(yaml.safe_load(path.read_text())) if "uses" in step]
    assert [f"{name}@{sha}" for name, sha in PINNED.findall(path.read_text())] == used


def test_an_action_has_the_same_pin_everywhere() -> None:
    pins = {pin for path in WORKFLOWS for pin in PINNED.findall(path.read_text())}
    assert len(pins) == len({name for name, _ in pins})


def test_the_cli_has_the_version_of_the_sdk() -> None:
    sdk = re.search(r"^pulumi==(.+)$", (ROOT / "requirements.txt").read_text(), re.MULTILINE)
    versions = {
        step["with"]["pulumi-version"]
        for path in WORKFLOWS
        for _, step in steps(yaml.safe_load(path.read_text()))
        if step.get("uses", "").startswith("pulumi/actions@")
    }
    assert sdk is not None
    assert versions == {sdk[1]}


# Safety


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_a_job_has_no_right_that_it_does_not_name_and_no_secret(path: Path) -> None:
    content = yaml.safe_load(path.read_text())
    assert content["permissions"] == {}
    assert content["concurrency"]["group"]
    assert all(job["permissions"] and job["timeout-minutes"] for job in content["jobs"].values())
    assert "secrets." not in path.read_text()


def test_only_jobs_that_take_a_role_get_an_identity_and_only_a_preview_may_comment() -> None:
    assert workflow("ci")["jobs"]["test"]["permissions"] == {"contents": "read"}
    rights = {name: job["permissions"] for name, job in workflow("deploy")["jobs"].items()}
    assert rights == {stack: {"contents": "read", "id-token": "write"} for stack in ("dev", "prod")}


def test_a_preview_never_updates_and_a_fork_gets_no_identity() -> None:
    (job,) = workflow("preview")["jobs"].values()
    assert "head.repo.full_name == github.repository" in job["if"]
    assert [s["with"]["command"] for s in job["steps"] if "command" in s.get("with", {})] == ["preview"]
    assert not re.search(r"pulumi (up|destroy|refresh)|make (up|rollout|destroy)", json.dumps(job))


def test_prod_waits_for_dev_and_takes_its_digest() -> None:
    jobs = workflow("deploy")["jobs"]
    assert (jobs["prod"]["needs"], jobs["prod"]["environment"]) == ("dev", "prod")
    assert jobs["prod"]["env"]["IMAGE_URI"] == "${{ needs.dev.outputs.image }}"
    assert jobs["dev"]["outputs"]["image"] == "${{ steps.image.outputs.uri }}"
    assert workflow("deploy")["concurrency"]["cancel-in-progress"] is False


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_a_shell_step_is_one_line_without_expressions(path: Path) -> None:
    commands = [step["run"] for _, step in steps(yaml.safe_load(path.read_text())) if "run" in step]
    assert [command for command in commands if "\n" in command.strip() or "${{" in command] == []


# The steps, run


@pytest.fixture
def machine(pulumi_cli: PulumiStandIn, monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalStack]:
    """A deployed stack as the steps see it: outputs, queue, table, and a repository with the image."""
    with LocalStack("dev", batchWindowSeconds=0) as local:
        environment = {
            "AWS_ENDPOINT_URL": local.cloud.url,
            "AWS_ACCESS_KEY_ID": "local",
            "AWS_SECRET_ACCESS_KEY": "local",
            "MAKEFLAGS": "-o .venv/local -o .venv/dev",  # the environment that runs this test is there
        }
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        pulumi_cli.outputs = {
            "queueUrl": local.queue_url,
            "tableName": local.table_name,
            "imageUri": pushed(local.cloud.client("ecr")),
            "newestVersion": "0",
        }
        yield local


def shell(command: str, **variables: str) -> None:
    environment = {**os.environ, **variables}
    done = subprocess.run(
        ["bash", "-e", "-c", command], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"


def test_the_steps_of_a_deployment_bring_devs_digest_to_prod(
    machine: LocalStack, pulumi_cli: PulumiStandIn, tmp_path: Path
) -> None:
    passed_on = tmp_path / "github-output"
    jobs = workflow("deploy")["jobs"]
    for step in jobs["dev"]["steps"]:
        if "run" in step:
            shell(step["run"], STACK="dev", GITHUB_OUTPUT=str(passed_on))
    image = passed_on.read_text().removeprefix("uri=").strip()
    assert image == pulumi_cli.outputs["imageUri"]
    # prod's first deployment, which has no canary to wait for
    pulumi_cli.outputs = {key: value for key, value in pulumi_cli.outputs.items() if key != "liveVersion"}
    for step in jobs["prod"]["steps"]:
        if "run" in step and "if" not in step:
            shell(step["run"], STACK="prod", IMAGE_URI=image)
    dev, prod = pulumi_cli.updates
    assert f"sentiment-analyzer:imageUri={image}" in prod
    assert "imageUri" not in json.dumps(dev)


def test_the_steps_of_a_preview_run_and_change_nothing(pulumi_cli: PulumiStandIn) -> None:
    pulumi_cli.outputs = {"imageUri": "an-image"}
    (job,) = workflow("preview")["jobs"].values()
    for step in job["steps"]:
        if "run" in step:
            shell(step["run"], STACK="prod", MAKEFLAGS="-o .venv/local -o .venv/dev")
    assert pulumi_cli.updates == []
    assert ["config", "set", "imageUri", "an-image", "--stack", "prod"] in pulumi_cli.calls


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_every_command_of_a_step_is_there(path: Path) -> None:
    """What is too much to run within a test is at least known to make, or a program of the repository."""
    for _, step in steps(yaml.safe_load(path.read_text())):
        for target in re.findall(r"make (?:-s )?([\w./-]+)", step.get("run", "")):
            run_tool("make", "--dry-run", "-o", ".venv/local", target)
        if step.get("run", "").startswith("."):
            assert os.access(ROOT / step["run"], os.X_OK)
