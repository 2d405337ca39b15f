"""The Pulumi CLI and a stack's configuration, for rollout and smoke."""

import json
import os
import re
import shutil
import socket
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import boto3

from settings import schema
from tools.local.program import run, short_name, stack_config
from tools.local.recorder import Recorder
from tools.project import PROJECT, ROOT
from tools.release import process

LOCKED = re.compile(r"currently locked by|Another update is currently in progress")
LOCK_OF = re.compile(r"created by [^@\s]*@(?P<host>\S+) \(pid (?P<pid>\d+)\)")


class PulumiFailed(Exception):
    """The CLI is missing, or one of its commands failed; says which and, if captured, why."""


class Locked(PulumiFailed):
    """The stack's state is locked, by a running update or one that died."""

    def __init__(self, reason: str):
        super().__init__(reason)
        holders = [(lock["host"], int(lock["pid"])) for lock in LOCK_OF.finditer(reason)]
        self.died = bool(holders) and all(host == socket.gethostname() and not _runs(pid) for host, pid in holders)


def outputs(stack: str, *needed: str) -> dict[str, Any]:
    """The stack's outputs; empty before its first update.

    Raises:
        PulumiFailed: the CLI cannot read them, or some of `needed` are missing.
    """
    found = json.loads(_pulumi("stack", "output", "--json", "--stack", stack, capture=True))
    if missing := [name for name in needed if name not in found]:
        raise PulumiFailed(f"stack {stack!r} has no output {', '.join(missing)}: it has not been deployed yet")
    return found


def up(stack: str, kept: Mapping[str, str], passing: Mapping[str, str] | None = None) -> None:
    """Update a stack, and enforce the rules in policy/.

    Args:
        kept: values to write to the stack's file once the update has succeeded.
        passing: values for this update only.
    """
    with tempfile.TemporaryDirectory() as place:
        # The CLI saves what --config sets before it updates anything, so give it a copy of the file.
        copy = Path(shutil.copy(_file(stack), place))
        settings = [
            part
            for key, value in {**kept, **(passing or {})}.items()
            for part in ("--config", f"{PROJECT}:{key}={value}")
        ]
        _pulumi(
            *("up", "--yes", "--skip-preview", "--stack", stack, "--policy-pack", "policy"),
            *("--config-file", str(copy), *settings),
        )
    for key, value in kept.items():
        configure(stack, key, value)


def refresh(stack: str, target: str) -> None:
    """Refresh one resource (its URN, `**` for any part) in the state, without running the program.

    Raises:
        Locked: the state is locked.
    """
    _pulumi("refresh", "--yes", "--skip-preview", "--stack", stack, "--target", target, capture=True)


def check(stack: str, values: Mapping[str, str]) -> None:
    """Refuse a configuration that the program would refuse, before doing anything with it.

    Raises:
        SettingsError: lists all faults.
    """
    run(stack, Recorder, **values)


def configure(stack: str, key: str, value: str) -> None:
    """Set a value in the stack's file in this checkout."""
    _pulumi("config", "set", f"{PROJECT}:{key}", value, "--stack", stack)


def unset(stack: str, key: str) -> None:
    """Remove a value from the stack's file in this checkout."""
    _pulumi("config", "rm", f"{PROJECT}:{key}", "--stack", stack)


def setting(stack: str, key: str) -> Any:
    """A value of the stack's configuration, or its default."""
    value = stack_config(stack, {})[f"{PROJECT}:{key}"]
    return value if schema()[key]["type"] == "string" else json.loads(value)


def session(stack: str) -> boto3.Session:
    """A boto3 session like the stack's provider: in its region, with the profile in its file, if any.

    Raises:
        ProfileNotFound: this machine has no such profile.
    """
    config = stack_config(stack, {})
    return boto3.Session(region_name=config["aws:region"], profile_name=config.get("aws:profile"))


def alarm_prefix(stack: str) -> str:
    """The prefix of the names of the stack's alarms."""
    return f"{PROJECT}-{short_name(stack)}-alarm-"


def _file(stack: str) -> Path:
    return ROOT / f"Pulumi.{short_name(stack)}.yaml"


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True  # somebody else's
    return True


def _pulumi(*arguments: str, capture: bool = False) -> str:
    if shutil.which("pulumi") is None:
        raise PulumiFailed("the Pulumi CLI is not on the PATH: https://www.pulumi.com/docs/install/")
    done = process.run(["pulumi", *arguments], cwd=ROOT, capture=capture)
    if done.returncode:
        reason = f"{done.stderr or ''}{done.stdout or ''}".strip()
        if LOCKED.search(reason):
            raise Locked(reason)
        raise PulumiFailed(f"pulumi {' '.join(arguments)}: exit {done.returncode}. {reason}".rstrip())
    return done.stdout or ""
