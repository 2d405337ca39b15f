"""The Pulumi CLI and a stack's configuration, as rollout and smoke need them."""

import json
import shutil
import subprocess
from collections.abc import Mapping
from typing import Any

from tools.local.program import ROOT, stack_config

PROJECT = "sentiment-analyzer"


class PulumiFailed(Exception):
    """The CLI is missing, or a command of it failed; says which and, where it was captured, why."""


def outputs(stack: str, *needed: str) -> dict[str, Any]:
    """What the stack exports; empty before its first update.

    Raises:
        PulumiFailed: the CLI cannot say, or `needed` are not there.
    """
    found = json.loads(_pulumi("stack", "output", "--json", "--stack", stack, capture=True))
    if missing := [name for name in needed if name not in found]:
        raise PulumiFailed(f"stack {stack!r} has no output {', '.join(missing)}: it has not been deployed yet")
    return found


def up(stack: str, config: Mapping[str, str | int], *, target: str | None = None) -> None:
    """Update a stack after setting `config`, which the CLI also saves in the stack's file.

    Args:
        target: of the resources' URNs (`**` for any part); without it, all of them, and the stacks' rules hold.
    """
    settings = [part for key, value in config.items() for part in ("--config", f"{PROJECT}:{key}={value}")]
    what = ["--target", target] if target else ["--policy-pack", "policy"]
    _pulumi("up", "--yes", "--skip-preview", "--stack", stack, *settings, *what)


def configure(stack: str, key: str, value: str) -> None:
    """Set a value in this checkout's file of the stack."""
    _pulumi("config", "set", f"{PROJECT}:{key}", value, "--stack", stack)


def setting(stack: str, key: str) -> Any:
    """A value of the stack's configuration, the default where the stack has none of its own."""
    return json.loads(stack_config(_file_name(stack), {})[f"{PROJECT}:{key}"])


def region(stack: str) -> str:
    return stack_config(_file_name(stack), {})["aws:region"]


def _file_name(stack: str) -> str:
    return stack.rpartition("/")[2]  # of organisation/project/stack


def _pulumi(*arguments: str, capture: bool = False) -> str:
    if shutil.which("pulumi") is None:
        raise PulumiFailed("the Pulumi CLI is not on the PATH: https://www.pulumi.com/docs/install/")
    done = subprocess.run(["pulumi", *arguments], cwd=ROOT, text=True, capture_output=capture, check=False)
    if done.returncode:
        raise PulumiFailed(f"pulumi {' '.join(arguments)}: exit {done.returncode}. {done.stderr or ''}".rstrip())
    return done.stdout or ""
