"""moto as AWS in the test process, and a make that installs nothing."""

import os
import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from moto import mock_aws

from tests.stacks import DEV, PROD
from tools.local import program


@pytest.fixture(autouse=True)
def stacks_of_the_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give tests in this process their own dev and prod, whatever the checkout's files say."""
    file = program._stack_file

    def ours(stack: program.StackFile) -> dict[str, Any]:
        return file({"dev": DEV, "prod": PROD}[stack] if stack in ("dev", "prod") else stack)

    monkeypatch.setattr(program, "_stack_file", ours)


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-west-2")
    with mock_aws():
        yield


@pytest.fixture
def make_that_installs_nothing(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put a make on the PATH that installs no environment. MAKEFLAGS cannot do this: make takes no -o from it."""
    make = tmp_path_factory.mktemp("bin") / "make"
    targets = "-o .venv/program -o .venv/local -o .venv/dev"
    make.write_text(f'#!/bin/sh\nexec {shutil.which("make")} {targets} "$@"\n')
    make.chmod(0o755)
    monkeypatch.setenv("PATH", f"{make.parent}:{os.environ['PATH']}")
