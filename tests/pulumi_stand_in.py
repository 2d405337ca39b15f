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
elif sys.argv[1] == "up":
    if (place / "broken").exists():
        sys.exit("error: update failed")
    given = [pair for flag, pair in zip(sys.argv[1:], sys.argv[2:]) if flag == "--config"]
    config = dict(pair.split(":", 1)[1].split("=", 1) for pair in given)
    if "--target" not in sys.argv and config["stableVersion"] != "0" and not (place / "nothing-new").exists():
        outputs["newestVersion"] = str(int(outputs["newestVersion"]) + 1)
    stable = config["stableVersion"]
    outputs["liveVersion"] = outputs["newestVersion"] if stable == "0" else stable
    tried = outputs["newestVersion"] != outputs["liveVersion"] and config.get("canaryPercent") != "0"
    (place / "weights.json").write_text(json.dumps({{outputs["newestVersion"]: 0.1}} if tried else {{}}))
    (place / "outputs.json").write_text(json.dumps(outputs))
"""


class PulumiStandIn:
    """Knows of a stack what rollout asks for: its outputs, and what an update makes of them."""

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
        """`broken`: updates fail. `nothing-new`: updates publish no version."""
        (self.place / fact).touch()

    @property
    def weights(self) -> dict[str, float]:
        """What the last update gave other versions than the live one."""
        given = self.place / "weights.json"
        return json.loads(given.read_text()) if given.exists() else {}

    @property
    def calls(self) -> list[list[str]]:
        recorded = self.place / "calls.jsonl"
        return [json.loads(line) for line in recorded.read_text().splitlines()] if recorded.exists() else []

    @property
    def updates(self) -> list[list[str]]:
        return [call for call in self.calls if call[0] == "up"]


@pytest.fixture
def pulumi_cli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> PulumiStandIn:
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    return PulumiStandIn(tmp_path)
