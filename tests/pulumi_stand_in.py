"""A stand-in for the Pulumi CLI on the PATH."""

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

STAND_IN = """#!{python}
import json, pathlib, sys
place = pathlib.Path({place!r})
with (place / "calls.jsonl").open("a") as calls:
    calls.write(json.dumps(sys.argv[1:]) + "\\n")
try:
    outputs = json.loads((place / "outputs.json").read_text())
except ValueError:
    sys.exit("error: no stack found")
if sys.argv[1:3] == ["stack", "output"]:
    print(json.dumps(outputs) if sys.argv[3] == "--json" else outputs[sys.argv[3]])
elif sys.argv[1:3] == ["config", "--json"]:
    config = place / "config.json"
    if not config.exists():
        sys.exit("error: no Pulumi.yaml project file found (searching upwards from here): no project file found")
    print(config.read_text())
elif sys.argv[1] == "refresh":
    locks = place / "locks.json"
    left = json.loads(locks.read_text()) if locks.exists() else []
    if left:
        locks.write_text(json.dumps(left[1:]))
        sys.exit("error: the stack is currently locked by 1 lock(s)\\n  file:///0.json: created by " + left[0])
elif sys.argv[1] == "up":
    if (place / "broken").exists():
        sys.exit("error: update failed")
    makes = place / "makes.json"
    outputs.update(json.loads(makes.read_text()) if makes.exists() else {{}})
    given = [pair for flag, pair in zip(sys.argv[1:], sys.argv[2:]) if flag == "--config"]
    config = dict(pair.split(":", 1)[1].split("=", 1) for pair in given)
    changed = (place / "changed").exists()
    if changed or "canary" in config and not (place / "nothing-new").exists():
        outputs["newestVersion"] = str(int(outputs["newestVersion"]) + 1)
    stable = config.get("stableVersion", outputs["newestVersion"])
    tried = outputs["newestVersion"] != stable and "canary" in config
    alias = [stable, {{outputs["newestVersion"]: 0.1}} if tried else {{}}]
    (place / "alias.json").write_text(json.dumps(alias))
    (place / "outputs.json").write_text(json.dumps(outputs))
"""


class PulumiStandIn:
    """Knows what rollout asks about a stack: its outputs, and how an update changes them."""

    def __init__(self, place: Path):
        self.place = place
        program = place / "pulumi"
        program.write_text(STAND_IN.format(python=sys.executable, place=str(place)))
        program.chmod(0o755)
        self.outputs = {}

    @property
    def outputs(self) -> dict[str, Any]:
        return json.loads((self.place / "outputs.json").read_text())

    @outputs.setter
    def outputs(self, values: dict[str, Any]) -> None:
        (self.place / "outputs.json").write_text(json.dumps(values))

    def that(self, fact: str) -> None:
        """Makes a fact true. `broken`: updates fail. `nothing-new`: none publishes a version. `changed`: each does."""
        (self.place / fact).touch()

    def configured(self, **config: str) -> None:
        """Sets what `pulumi config` shows; without it, there is no project. Write `aws__profile` for aws:profile."""
        shown = {key.replace("__", ":"): {"value": value, "secret": False} for key, value in config.items()}
        (self.place / "config.json").write_text(json.dumps(shown))

    def makes(self, **outputs: str) -> None:
        """Sets what each update adds to the outputs."""
        (self.place / "makes.json").write_text(json.dumps(outputs))

    def locked_by(self, *holders: str) -> None:
        """Makes each of the next refreshes meet one holder's lock: USER@HOST (pid N)."""
        (self.place / "locks.json").write_text(json.dumps(holders))

    @property
    def alias(self) -> tuple[str, dict[str, float]]:
        """The version that the last update made live, and the weights that it gave other versions."""
        version, weights = json.loads((self.place / "alias.json").read_text())
        return version, weights

    @property
    def calls(self) -> list[list[str]]:
        recorded = self.place / "calls.jsonl"
        return [json.loads(line) for line in recorded.read_text().splitlines()] if recorded.exists() else []

    @property
    def saved(self) -> list[tuple[str, str]]:
        """The settings that were written to the stack's file, in order."""
        return [(call[2].partition(":")[2], call[3]) for call in self.calls if call[:2] == ["config", "set"]]

    @property
    def updates(self) -> list[list[str]]:
        return [call for call in self.calls if call[0] == "up"]


@pytest.fixture
def pulumi_cli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> PulumiStandIn:
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    return PulumiStandIn(tmp_path)
