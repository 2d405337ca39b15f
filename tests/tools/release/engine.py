"""A copy of the project that the real Pulumi CLI deploys to moto, and the commands that run in it."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from components.function import ALIAS
from tests.stacks import DEV
from tests.tools.release.deployed_pipeline import DeployedPipeline
from tests.tools.release.stand_in_plugin import interpreter
from tests.waiting import HANG_S
from tools.local.cloud import Cloud
from tools.local.program import ROOT
from tools.project import PROJECT

# The release commands, with every wait cut to a thirtieth: a bake of ten minutes takes 20 s, and the rollout looks at
# the alarms every second.
HURRIED = (
    "import sys, time; sleep = time.sleep; time.sleep = lambda seconds: sleep(seconds / 30); "
    "from tools.release.__main__ import main; sys.exit(main())"
)

STANDIN_PYTHON = "STANDIN_PYTHON"  # set if the CLI's plugins are stand-ins: the Python that runs them


def why_not() -> str:
    """What this machine lacks to run the CLI; empty if nothing."""
    if not shutil.which("pulumi"):
        return "the Pulumi CLI is not on the PATH (https://www.pulumi.com/docs/install/)"
    plugins = subprocess.run(["pulumi", "plugin", "ls"], capture_output=True, text=True, timeout=HANG_S).stdout
    return "" if "\naws " in plugins else "the Pulumi plugin aws is not installed (pulumi install)"


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
        if STANDIN_PYTHON in os.environ:
            self.environment[STANDIN_PYTHON] = str(interpreter(place))
        self.lambda_ = cloud.client("lambda")
        self.run("pulumi", "stack", "init", "dev")

    def start(self, *command: str) -> subprocess.Popen[str]:
        pipe = subprocess.PIPE
        return subprocess.Popen(command, cwd=self.project, env=self.environment, stdout=pipe, stderr=pipe, text=True)

    def start_updating(self, *command: str) -> subprocess.Popen[str]:
        """Start a command, and wait until its Pulumi has locked the state and handles signals."""
        update = self.start(*command)
        assert update.stdout
        assert any("policy packs" in line for line in update.stdout)
        assert self.locks()
        return update

    def run(self, *command: str, fails: bool = False) -> str:
        """Run a command to its end; returns its output. It must fail if `fails`, and succeed otherwise."""
        done = self.start(*command)
        out, err = done.communicate(timeout=HANG_S)
        assert bool(done.returncode) is fails, f"{command}: exit {done.returncode}\n{out}{err}"
        return out + err

    def tool(self, *command: str) -> list[str]:
        return [str(self.project / ".venv/bin/python"), "-m", "tools.release", *command, "--stack", "dev"]

    def start_hurried(self, *command: str) -> subprocess.Popen[str]:
        return self.start(self.tool()[0], "-c", HURRIED, *command, "--stack", "dev")

    def release(self, *command: str, fails: bool = False) -> str:
        return self.run(*self.tool(*command), fails=fails)

    def up(self, **config: str) -> None:
        settings = [part for key, value in config.items() for part in ("--config", f"{PROJECT}:{key}={value}")]
        self.run("pulumi", "up", "--yes", "--skip-preview", "--stack", "dev", *settings)

    def change_the_code(self, module: str = "answer", code: str = "# another version\n") -> None:
        with (self.project / f"function/{module}.py").open("a") as file:
            file.write(code)

    @contextmanager
    def at_work(self) -> Iterator[DeployedPipeline]:
        """Run the function's versions, so that commands can invoke them."""
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
