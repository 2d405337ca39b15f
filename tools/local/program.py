"""Runs a stack's real Pulumi program in this process, without the CLI."""

import contextlib
import json
import runpy
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import pulumi
import yaml

from settings import NO_REGION, SettingsError, schema
from tools.local.recorder import Monitor, Project, Recorder
from tools.project import PROJECT, ROOT, project_file

R = TypeVar("R", bound=Recorder)
StackFile = str | Path  # a stack of this checkout by its name, or the path of a file like Pulumi.<stack>.yaml


def run(stack: StackFile, recorder: Callable[[Project, str, str], R] = Recorder, **overrides: Any) -> R:  # type: ignore[assignment]
    """Run `__main__.py` for a stack.

    Args:
        stack: dev, prod or any other that has a Pulumi.<stack>.yaml, also as organization/project/stack; or the path of
            another such file, STACK.yaml.
        recorder: creates, from project, stack and region, the object that answers the registrations.
        overrides: configuration values by key (`memoryMb=1024`), which override the stack's own.

    Returns:
        The recorder, with all `resources` in order of registration and the stack's `outputs`.
    """
    config = stack_config(stack, overrides)
    recording = recorder(_project(), short_name(stack), config["aws:region"])
    pulumi.runtime.set_mocks(
        recording,
        project=recording.project.name,
        stack=recording.stack,
        preview=False,
        monitor=Monitor(recording),
        organization="organization",  # as the CLI calls it where the state is a bucket or a folder
    )
    pulumi.runtime.set_all_config(config)
    if str(ROOT) not in sys.path:
        sys.path.insert(0, str(ROOT))

    @pulumi.runtime.test
    def program() -> pulumi.Output[None]:
        root: Any = pulumi.runtime.settings.get_root_resource()
        root.outputs.clear()  # of a program that ran in this process before
        with contextlib.chdir(ROOT):  # where the CLI runs it
            runpy.run_path(str(ROOT / "__main__.py"), run_name="__main__")
        return pulumi.Output.all(**root.outputs).apply(recording.outputs.update)

    program()
    return recording


def stack_config(stack: StackFile, overrides: Mapping[str, Any]) -> dict[str, str]:
    """The flat configuration that the CLI would pass: Pulumi.yaml's defaults, overridden by the stack's values.

    Raises:
        FileNotFoundError: there is no such stack.
        SettingsError: its file cannot be read as a stack's configuration, or has no region.
    """
    values = stack_values(stack, overrides)
    faults = [
        f"  {key}: is encrypted, and only the Pulumi CLI can decrypt it"
        for key, value in values.items()
        if isinstance(value, dict) and "secure" in value
    ]
    if not values.get("aws:region"):
        faults.append(NO_REGION)
    if faults:
        raise SettingsError(faults)
    return {key: value if isinstance(value, str) else json.dumps(value) for key, value in values.items()}


def stack_values(stack: StackFile, overrides: Mapping[str, Any]) -> dict[str, Any]:
    """Pulumi.yaml's defaults, overridden by the stack's values, by full key; encrypted values stay encrypted.

    Raises:
        FileNotFoundError: there is no such stack.
        SettingsError: its file cannot be read as a stack's configuration.
    """
    defaults = {key: spec["default"] for key, spec in schema().items() if "default" in spec}
    values: dict[str, Any] = {}
    for layer in (defaults, _stack_file(stack), overrides):
        values |= {key if ":" in key else f"{PROJECT}:{key}": value for key, value in layer.items()}
    return values


def short_name(stack: StackFile) -> str:
    """The stack part of a name that may be qualified: organization/project/stack."""
    return stack.stem if isinstance(stack, Path) else stack.rpartition("/")[2]


def _stack_file(stack: StackFile) -> dict[str, Any]:
    """The values in a stack's file, by key."""
    path = stack if isinstance(stack, Path) else ROOT / f"Pulumi.{short_name(stack)}.yaml"
    if not path.is_file():
        stacks = ", ".join(sorted(path.name.split(".")[1] for path in ROOT.glob("Pulumi.*.yaml")))
        raise FileNotFoundError(f"stack {stack!r}: there is no {path.name}; the stacks are {stacks}")
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise SettingsError([f"  {path.name}: is not YAML: {' '.join(str(error).split())}"]) from None
    config = content.get("config") if isinstance(content, dict) else content
    if not isinstance(config, dict):
        raise SettingsError([f"  {path.name}: config is {config!r}, and must hold values by key"])
    return config


def _project() -> Project:
    content = project_file()
    pattern = content["config"]["pulumi:autonaming"]["value"]["pattern"]
    return Project(content["name"], pattern.replace("${hex(6)}", "000000").replace("${", "{"))
