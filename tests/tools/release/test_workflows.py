"""The workflows are well-formed, safe and pinned, and their shell steps run on this machine."""

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

from components.function import ALIAS
from settings import project_name
from tests.pulumi_stand_in import PulumiStandIn
from tests.stacks import DEV
from tests.tools.release.lambda_front import front_of
from tests.tools.release.published import publish_image, pushed
from tests.waiting import HANG_S
from tools.bootstrap import documents
from tools.local.program import ROOT
from tools.local.stack import LocalPipeline

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
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=HANG_S)
    assert done.returncode == 0, done.stdout + done.stderr


# Form


def test_the_workflows_match_githubs_schema() -> None:
    run_tool(str(BIN / "check-jsonschema"), "--builtin-schema", "vendor.github-workflows", *map(str, WORKFLOWS))
    run_tool(str(BIN / "check-jsonschema"), "--builtin-schema", "vendor.dependabot", str(GITHUB / "dependabot.yml"))


def test_zizmor_finds_nothing_unsafe() -> None:
    run_tool(str(BIN / "zizmor"), "--offline", "--quiet", str(GITHUB))


@pytest.mark.skipif(not shutil.which("actionlint"), reason="actionlint is not on the PATH: pre-commit brings its own")
def test_actionlint_finds_nothing() -> None:
    run_tool("actionlint", *map(str, WORKFLOWS))


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_every_action_is_pinned_to_a_commit_with_a_version_comment(path: Path) -> None:
    used = [step["uses"] for _, step in steps(yaml.safe_load(path.read_text())) if "uses" in step]
    assert [f"{name}@{sha}" for name, sha in PINNED.findall(path.read_text())] == used


def test_an_action_has_the_same_pin_everywhere() -> None:
    pins = {pin for path in WORKFLOWS for pin in PINNED.findall(path.read_text())}
    assert len(pins) == len({name for name, _ in pins})


def test_the_pulumi_cli_and_sdk_have_the_same_version() -> None:
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
def test_a_job_has_only_the_permissions_it_declares_and_no_secrets(path: Path) -> None:
    content = yaml.safe_load(path.read_text())
    assert content["permissions"] == {}
    assert all((job | content)["concurrency"]["group"] for job in content["jobs"].values())
    assert all(job["permissions"] and job["timeout-minutes"] for job in content["jobs"].values())
    assert "secrets." not in path.read_text()


def test_deployments_and_rollbacks_get_an_identity_and_ci_gets_none() -> None:
    assert workflow("ci")["jobs"]["test"]["permissions"] == {"contents": "read"}
    jobs = {**workflow("deploy")["jobs"], **workflow("rollback")["jobs"]}
    rights = {name: job["permissions"] for name, job in jobs.items()}
    assert rights == {name: {"contents": "read", "id-token": "write"} for name in ("dev", "prod", "rollback")}


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


def test_deployments_queue_per_stack_and_do_not_block_rollbacks() -> None:
    assert "concurrency" not in workflow("deploy")
    groups = [job["concurrency"] for job in workflow("deploy")["jobs"].values()]
    assert {group["group"] for group in groups} == {"deploy-dev", "deploy-prod"}
    assert not any(group["cancel-in-progress"] for group in groups)
    assert workflow("rollback")["concurrency"]["group"] not in {group["group"] for group in groups}


def test_deployment_credentials_last_as_long_as_the_role_allows() -> None:
    lasting = [
        s["with"]["role-duration-seconds"]
        for _, s in steps(workflow("deploy"))
        if "role-to-assume" in s.get("with", {})
    ]
    assert lasting == [documents.SESSION_SECONDS] * 2
    timeouts = [60 * job["timeout-minutes"] for job in workflow("deploy")["jobs"].values()]
    assert max(timeouts) <= documents.SESSION_SECONDS


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_a_shell_step_is_one_line_without_expressions(path: Path) -> None:
    commands = [step["run"] for _, step in steps(yaml.safe_load(path.read_text())) if "run" in step]
    assert [command for command in commands if "\n" in command.strip() or "${{" in command] == []


# Running the steps


@pytest.fixture
def machine(
    pulumi_cli: PulumiStandIn, make_that_installs_nothing: None, monkeypatch: pytest.MonkeyPatch
) -> Iterator[LocalPipeline]:
    """A deployed stack as the steps see it: outputs, queue, table, and a repository with the image."""
    with LocalPipeline(DEV, batchWindowSeconds=0) as local, front_of(local) as url:
        environment = {
            "AWS_ENDPOINT_URL": url,
            "AWS_ACCESS_KEY_ID": "local",
            "AWS_SECRET_ACCESS_KEY": "local",
        }
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        pulumi_cli.outputs = {
            "queueUrl": local.queue_url,
            "tableName": local.table_name,
            "imageUri": pushed(local.cloud.client("ecr")),
            "newestVersion": "0",
            "aliasArn": f"arn:aws:lambda:us-west-2:123456789012:function:classifier:{ALIAS}",
        }
        yield local


def shell(command: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """As GitHub runs a step without `shell`: https://docs.github.com/en/actions/reference/workflow-syntax"""
    return subprocess.run(
        ["bash", "-e", "-c", command],
        cwd=ROOT,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        timeout=HANG_S,
    )


def run_job(job: dict[str, Any], place: Path, *, fails: str = "", **variables: str) -> dict[str, str]:
    """Run a job's shell steps as a runner does; returns their outputs.

    Args:
        fails: the step that must fail; after it, only steps with an `if` run, if the outputs that it names are set.
    """
    handed_on, failed = place / f"github-output-{len(list(place.iterdir()))}", False
    handed_on.touch()
    for step in job["steps"]:
        if "run" not in step or ("if" in step) is not failed:
            continue
        outputs = dict(line.split("=", 1) for line in handed_on.read_text().splitlines())
        if not all(outputs[name] for name in re.findall(r"outputs\.(\w+)", step.get("if", ""))):
            continue
        named = {name: re.search(r"outputs\.(\w+)", value) for name, value in step.get("env", {}).items()}
        own = {name: outputs[found[1]] for name, found in named.items() if found}
        done = shell(step["run"], GITHUB_OUTPUT=str(handed_on), **variables, **own)
        failed = failed or step["name"] == fails
        assert bool(done.returncode) is (step["name"] == fails), f"{step['run']}\n{done.stdout}{done.stderr}"
    assert failed is bool(fails), f"there is no step {fails!r}"
    return dict(line.split("=", 1) for line in handed_on.read_text().splitlines())


def with_function(machine: LocalPipeline, image: str, *, live: int, newest: int) -> None:
    lambda_ = machine.cloud.client("lambda")
    for version in range(1, newest + 1):
        publish_image(lambda_, machine.cloud.client("iam"), version, image)
    lambda_.create_alias(FunctionName="classifier", Name=ALIAS, FunctionVersion=str(live))


def deployed(machine: LocalPipeline, cli: PulumiStandIn, *, live: int, newest: int) -> None:
    """Give the stack a function, as it has after its first deployment."""
    with_function(machine, cli.outputs["imageUri"], live=live, newest=newest)
    cli.outputs = {
        **cli.outputs,
        "functionName": "classifier",
        "newestVersion": str(newest),
        "repositoryUrl": cli.outputs["imageUri"].partition("@")[0],
    }


@pytest.mark.slow(reason="runs a deployment on a pipeline")
def test_the_deployment_steps_bring_the_dev_image_to_prod(
    machine: LocalPipeline, pulumi_cli: PulumiStandIn, tmp_path: Path
) -> None:
    jobs = workflow("deploy")["jobs"]
    # The stack's outputs do not name the function before the first update.
    with_function(machine, pulumi_cli.outputs["imageUri"], live=1, newest=1)
    pulumi_cli.makes(functionName="classifier", newestVersion="1")
    before = pulumi_cli.outputs
    image = run_job(jobs["dev"], tmp_path, STACK="dev")["uri"]
    assert image == pulumi_cli.outputs["imageUri"]
    pulumi_cli.outputs = before  # from here on, prod's
    assert run_job(jobs["prod"], tmp_path, STACK="prod", IMAGE_URI=image) == {"version": ""}  # nothing was live
    dev, prod = pulumi_cli.updates
    assert f"{project_name()}:imageUri={image}" in prod
    assert "imageUri" not in json.dumps(dev)

    # Without dev's image, prod does not build one.
    before = len(pulumi_cli.updates)
    updating = "Update with dev's image, a share of the batches first"
    run_job(jobs["prod"], tmp_path, fails=updating, STACK="prod", IMAGE_URI="")
    assert len(pulumi_cli.updates) == before


@pytest.mark.slow(reason="runs a deployment on a pipeline")
def test_a_failed_smoke_test_returns_prod_to_the_previously_live_version(
    machine: LocalPipeline, pulumi_cli: PulumiStandIn, tmp_path: Path
) -> None:
    deployed(machine, pulumi_cli, live=3, newest=3)
    pulumi_cli.that("nothing-new")  # so nothing bakes; a rollback to version 2 would be wrong
    pulumi_cli.outputs = {**pulumi_cli.outputs, "tableName": "not-there"}
    image = pulumi_cli.outputs["imageUri"]
    run_job(
        workflow("deploy")["jobs"]["prod"],
        tmp_path,
        fails="Check the version's answers, then known texts through the queue",
        STACK="prod",
        IMAGE_URI=image,
    )
    assert pulumi_cli.saved[-1] == ("stableVersion", "3")


@pytest.mark.slow(reason="runs rollbacks on a pipeline")
def test_the_rollback_steps_go_to_the_previous_or_the_requested_version(
    machine: LocalPipeline, pulumi_cli: PulumiStandIn, tmp_path: Path
) -> None:
    deployed(machine, pulumi_cli, live=3, newest=3)
    job = workflow("rollback")["jobs"]["rollback"]
    for version, goes_to in (("", "2"), ("1", "1")):
        run_job(job, tmp_path, STACK="prod", VERSION=version)
        assert pulumi_cli.saved[-1] == ("stableVersion", goes_to)
    before = pulumi_cli.saved
    run = f"touch {tmp_path}/run"
    for nasty in ("4", f"$(shell {run})", f'1" ; {run} ; `{run}` $({run})'):
        assert shell(job["steps"][-2]["run"], STACK="prod", VERSION=nasty).returncode, nasty
    assert pulumi_cli.saved == before
    assert not (tmp_path / "run").exists()


@pytest.mark.slow(reason="runs every step of a workflow")
@pytest.mark.usefixtures("make_that_installs_nothing")
def test_the_preview_steps_use_a_promoted_image_and_never_update(pulumi_cli: PulumiStandIn, tmp_path: Path) -> None:
    (job,) = workflow("preview")["jobs"].values()
    kept = ["config", "set", f"{project_name()}:imageUri"]
    images = {"anothers": "an-image@sha256:1", "own": "repository@sha256:1", "": ""}
    for image in images.values():
        pulumi_cli.outputs = {"imageUri": image, "repositoryUrl": "repository"} if image else {}
        run_job(job, tmp_path, STACK="prod")
    assert pulumi_cli.updates == []
    assert [call for call in pulumi_cli.calls if call[0] == "config"] == [
        [*kept, images["anothers"], "--stack", "prod"]
    ]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_every_command_in_a_step_exists(path: Path) -> None:
    """A command that is too slow to run here must at least be a make target or an executable in the repository."""
    for _, step in steps(yaml.safe_load(path.read_text())):
        for target in re.findall(r"make (?:-s )?([\w./-]+)", step.get("run", "")):
            run_tool("make", "--dry-run", "-o", ".venv/local", target)
        if step.get("run", "").startswith("."):
            assert os.access(ROOT / step["run"], os.X_OK)
