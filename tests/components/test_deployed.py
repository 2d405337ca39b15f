"""`Deployed` on the real Pulumi CLI, and on a CLI that lacks the call that it needs."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.waiting import HANG_S
from tools.local.program import ROOT

pytestmark = [
    pytest.mark.skipif(not shutil.which("pulumi"), reason="the Pulumi CLI is not on the PATH"),
    pytest.mark.slow(reason="runs a program on the real CLI"),
]
PROJECT = """
name: told
runtime: {name: python, options: {toolchain: pip, virtualenv: .venv}}
"""
PROGRAM = """
import os
import pulumi
from components import deployed

deployed.READ_STATE = os.environ.get("READ_STATE", deployed.READ_STATE)
pulumi.export("before", deployed.Deployed.load().output("told:index:Child", "child", "word"))
parent = pulumi.ComponentResource("told:index:Parent", "parent")
child = pulumi.ComponentResource("told:index:Child", "child", opts=pulumi.ResourceOptions(parent=parent))
child.register_outputs({"word": "kept"})
"""


class Program:
    def __init__(self, place: Path):
        self.place = place
        (place / "state").mkdir()
        (place / ".venv").symlink_to((ROOT / ".venv").resolve())
        (place / "Pulumi.yaml").write_text(PROJECT)
        (place / "__main__.py").write_text(PROGRAM)
        self.run("stack", "init", "dev")

    def run(self, *command: str, fails: bool = False, **variables: str) -> str:
        """Returns what the CLI prints. The CLI must fail if `fails`, and must succeed otherwise."""
        backend = {"PULUMI_BACKEND_URL": f"file://{self.place / 'state'}", "PULUMI_CONFIG_PASSPHRASE": "test"}
        done = subprocess.run(
            ["pulumi", *command],
            cwd=self.place,
            env={**os.environ, "PYTHONPATH": str(ROOT), **backend, **variables},
            capture_output=True,
            text=True,
            timeout=HANG_S,
        )
        assert bool(done.returncode) is fails, done.stdout + done.stderr
        return done.stdout


@pytest.fixture
def program(tmp_path: Path) -> Program:
    return Program(tmp_path)


def test_the_engine_reports_the_outputs_of_the_last_update(program: Program) -> None:
    for before in ("", "kept"):
        program.run("up", "--yes", "--skip-preview")
        assert json.loads(program.run("stack", "output", "--json")) == {"before": before}


def test_the_program_registers_nothing_if_the_engine_lacks_the_call(program: Program) -> None:
    said = program.run("preview", fails=True, READ_STATE="pulumi:pulumi:gone")
    assert "unrecognized function name: 'pulumi:pulumi:gone'. Nothing was changed. Use an older Pulumi CLI" in said
    assert "Traceback" not in said
    assert "told:index:Parent" not in said
