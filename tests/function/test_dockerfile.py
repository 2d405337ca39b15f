"""hadolint checks the Dockerfiles, without Docker."""

import subprocess
import sys
from pathlib import Path

import pytest

from tools.local.program import ROOT

HADOLINT = Path(sys.executable).with_name("hadolint")


@pytest.mark.parametrize("dockerfile", ["function/Dockerfile", "tools/local/docker/base/Dockerfile"])
def test_hadolint_finds_nothing(dockerfile: str) -> None:
    found = subprocess.run([HADOLINT, "--no-color", ROOT / dockerfile], capture_output=True, text=True)
    assert found.returncode == 0, found.stdout + found.stderr
