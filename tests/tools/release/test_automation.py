"""Preview and update by the real Pulumi CLI (Automation API), its state in a folder, AWS played by moto."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from pulumi import automation

from tests.stacks import DEV
from tests.waiting import HANG_S
from tools.local.cloud import Cloud
from tools.local.program import ROOT, stack_config

# moto's event source mapping would take the messages, and Docker could not push to moto's registry.
SETTINGS = {
    "imageUri": "123456789012.dkr.ecr.us-west-2.amazonaws.com/sentiment@sha256:" + "0" * 64,
    "consume": "false",
}
NOT_IN_MOTO = ["**RedriveAllowPolicy::**"]  # its provider would wait for an attribute that never comes


def why_not() -> str:
    """What is missing here to run it; empty where nothing is."""
    if not shutil.which("pulumi"):
        return "the Pulumi CLI is not on the PATH (https://www.pulumi.com/docs/install/)"
    plugins = subprocess.run(["pulumi", "plugin", "ls"], capture_output=True, text=True, timeout=HANG_S).stdout
    return "" if "\naws " in plugins else "the Pulumi plugin aws is not installed (pulumi install)"


pytestmark = pytest.mark.skipif(bool(reason := why_not()), reason=reason or "nothing is missing")


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[automation.Stack]:
    project = shutil.copytree(ROOT, tmp_path / "project", ignore=shutil.ignore_patterns(".*", "build", "docs"))
    (tmp_path / "state").mkdir()
    with Cloud(stack_config(DEV, {})["aws:region"]) as cloud:
        variables = {
            "PULUMI_BACKEND_URL": f"file://{tmp_path / 'state'}",
            "PULUMI_CONFIG_PASSPHRASE": "test",
            "AWS_ACCESS_KEY_ID": "local",
            "AWS_SECRET_ACCESS_KEY": "local",
            "AWS_ENDPOINT_URL": cloud.url,
        }
        options = automation.LocalWorkspaceOptions(work_dir=str(project), env_vars=variables)
        (project / ".venv").symlink_to((ROOT / ".venv").resolve())
        shutil.copy(DEV, project / "Pulumi.dev.yaml")  # whatever the checkout's file says
        stack = automation.create_or_select_stack("dev", work_dir=str(project), opts=options)
        for key, value in {**SETTINGS, "aws:skipCredentialsValidation": "true"}.items():
            stack.set_config(key, automation.ConfigValue(value))
        yield stack
        stack.destroy()


def test_a_preview_an_update_and_a_second_preview_that_finds_nothing_to_do(stack: automation.Stack) -> None:
    planned = stack.preview(exclude=NOT_IN_MOTO).change_summary
    assert planned[automation.OpType.CREATE] > 1
    result = stack.up(exclude=NOT_IN_MOTO)
    assert result.outputs["queueUrl"].value
    assert automation.OpType.CREATE not in stack.preview(exclude=NOT_IN_MOTO).change_summary
