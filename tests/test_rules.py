"""Rules for the tests themselves: none imports a conftest, none depends on the shell, and slow ones give a reason."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.shell import NO_CREDENTIALS, foreign
from tests.waiting import HANG_S
from tools.local.program import ROOT

TESTS = Path(__file__).parent
STRANGERS = {
    "AWS_PROFILE": "nope",
    "AWS_REGION": "eu-west-1",
    "AWS_ENDPOINT_URL_SQS": "http://127.0.0.1:1",
    "AWS_DEFAULT_OUTPUT": "text",
    "AWS_CONFIG_FILE": "/dev/null/x",
    "HTTPS_PROXY": "http://127.0.0.1:1",
    "no_proxy": "*",
    "PULUMI_ACCESS_TOKEN": "a",
    "PULUMI_BACKEND_URL": "b",
    "STACK": "prod",
    "QUEUE_URL": "c",
    "MAKEFLAGS": "--silent",
    "FORCE_COLOR": "1",
}


def test_no_test_imports_a_conftest() -> None:
    imports = re.compile(r"^\s*(from|import) .*\bconftest\b", re.MULTILINE)
    assert [path for path in TESTS.rglob("*.py") if imports.search(path.read_text())] == []


def test_no_variable_of_the_developers_shell_remains() -> None:
    assert {name: os.environ[name] for name in foreign(os.environ)} == NO_CREDENTIALS


@pytest.mark.slow(reason="runs pytest")
def test_foreign_shell_variables_do_not_reach_the_tests() -> None:
    alone = f"{__file__}::{test_no_variable_of_the_developers_shell_remains.__name__}"
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", alone]
    done = subprocess.run(
        command, cwd=ROOT, env={**os.environ, **STRANGERS}, capture_output=True, text=True, timeout=HANG_S
    )
    assert done.returncode == 0, done.stdout


def test_variables_that_programs_need_are_kept() -> None:
    assert foreign(["PATH", "HOME", "PULUMI_HOME", "PIP_INDEX_URL", "VIRTUAL_ENV", "CI"]) == []


def test_every_slow_test_gives_a_reason(request: pytest.FixtureRequest) -> None:
    slow = [mark for item in request.session.items for mark in item.iter_markers("slow")]
    assert [mark for mark in slow if not mark.kwargs.get("reason")] == []
