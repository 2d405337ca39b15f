"""Rules for the tests themselves: none imports a conftest, none sees the shell, and slow ones say why."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.shell import NOBODYS, foreign
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


def test_shared_things_are_modules_and_no_conftest_is_imported() -> None:
    imports = re.compile(r"^\s*(from|import) .*\bconftest\b", re.MULTILINE)
    assert [path for path in TESTS.rglob("*.py") if imports.search(path.read_text())] == []


def test_nothing_of_the_developers_shell_is_left() -> None:
    assert {name: os.environ[name] for name in foreign(os.environ)} == NOBODYS


def test_a_strangers_shell_is_kept_out() -> None:
    alone = f"{__file__}::{test_nothing_of_the_developers_shell_is_left.__name__}"
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", alone]
    done = subprocess.run(
        command, cwd=ROOT, env={**os.environ, **STRANGERS}, capture_output=True, text=True, timeout=HANG_S
    )
    assert done.returncode == 0, done.stdout


def test_what_a_run_of_pulumi_and_of_everything_needs_is_left_alone() -> None:
    assert foreign(["PATH", "HOME", "PULUMI_HOME", "PIP_INDEX_URL", "VIRTUAL_ENV", "CI"]) == []


def test_a_test_that_make_quick_leaves_out_says_why(request: pytest.FixtureRequest) -> None:
    slow = [mark for item in request.session.items for mark in item.iter_markers("slow")]
    assert [mark for mark in slow if not mark.kwargs.get("reason")] == []
