"""The pages hold every key of the schema and every stack output; `make help` lists every target."""

import re
import subprocess
from dataclasses import fields

from settings import Settings, key_of, schema
from tests.stacks import STRICT
from tools.local.program import ROOT, run


def configuration_table() -> str:
    specs = schema()
    allowed = {key_of(f.name): f.metadata["rule"].allowed if f.metadata else "true or false" for f in fields(Settings)}
    rows = [
        f"| `{key}` | {_shown(spec['default'])} | {_short(allowed[key])} | {spec['description']} |"
        for key, spec in specs.items()
    ]
    return "\n".join(["| Key | Default | Allowed | Meaning |", "|---|---|---|---|", *rows])


def _shown(default: object) -> str:
    return f"`{str(default).lower() if isinstance(default, bool) else default}`" if default != "" else "(empty)"


def _short(allowed: str) -> str:
    values = allowed.split(",")
    return allowed if len(values) < 10 else f"{','.join(values[:9])}, ... ({len(values)} values)"


def test_the_configuration_table_matches_the_schema() -> None:
    page = (ROOT / "docs" / "configuration.md").read_text()
    assert configuration_table() in page, f"docs/configuration.md needs this table:\n\n{configuration_table()}\n"


def test_the_deploying_page_names_every_stack_output() -> None:
    page = (ROOT / "docs" / "deploying.md").read_text()
    assert [name for name in run(STRICT).outputs if f"`{name}`" not in page] == []


def test_make_help_lists_every_target_under_a_heading() -> None:
    listed = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert listed.startswith("\nTry\n")
    targets = re.findall(r"^([a-z-]+):(?!=)", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert sorted(re.findall(r"^  ([a-z-]+) +[A-Z]", listed, re.MULTILINE)) == sorted(targets)
