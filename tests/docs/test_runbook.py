"""The runbook: a whole section for every alarm of every stack, and commands that exist."""

import re
from dataclasses import fields

import pytest

from function.consume import Counts
from policy.alarms import ALARM, DESCRIPTION_CHARS
from tests.function.strategies import CORPUS
from tests.stacks import PROD
from tools.local.program import ROOT, run
from tools.local.recorder import Recorder

TEXT = (ROOT / "docs" / "runbook.md").read_text()
SECTIONS = dict(re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", TEXT, re.MULTILINE | re.DOTALL))
GENERAL = {"First", "To test an alarm"}
PARTS = ["Meaning.", "Look at.", "Do.", "Test."]


@pytest.fixture(scope="module")
def canary() -> Recorder:
    return run(PROD, stableVersion=7, canary=True)


def linked(stack: Recorder) -> set[str]:
    """The sections that the alarms' descriptions link to."""
    descriptions = [alarm.inputs["alarmDescription"] for alarm in stack.all(ALARM)]
    return {re.search(r" What to do: docs/runbook\.md#(\S+)$", text)[1] for text in descriptions}  # type: ignore[index]


def test_every_alarm_links_to_its_section_and_no_section_is_stale(
    dev: Recorder, prod: Recorder, canary: Recorder
) -> None:
    for stack in (dev, prod, canary):
        assert len(linked(stack)) == len(stack.all(ALARM))
    assert linked(dev) | linked(prod) | linked(canary) == set(SECTIONS) - GENERAL
    assert set(SECTIONS) > GENERAL


@pytest.mark.parametrize("name", sorted(set(SECTIONS) - GENERAL))
def test_a_section_has_its_four_parts(name: str) -> None:
    parts = re.findall(r"^\*\*(.+?)\*\* *(\S.{20,}?)(?=^\*\*|\Z)", SECTIONS[name], re.MULTILINE | re.DOTALL)
    assert [part for part, _ in parts] == PARTS


def test_a_runbook_elsewhere_is_linked_to_within_what_cloudwatch_takes() -> None:
    url = "https://github.example/" + "x" * 470
    for alarm in run(PROD, runbookUrl=url, stableVersion=7, canary=True).all(ALARM):
        assert f"{url}#{alarm.name.removeprefix('alarm-')}" in alarm.inputs["alarmDescription"]
        assert len(alarm.inputs["alarmDescription"]) <= DESCRIPTION_CHARS


def test_alarms_are_named_as_the_runbook_looks_for_them(stack: Recorder) -> None:
    assert '--alarm-name-prefix "$PROJECT-$STACK-alarm-$1-"' in TEXT
    for alarm in stack.all(ALARM):
        assert alarm.outputs["name"].startswith(f"{stack.project.name}-{stack.stack}-{alarm.name}-")


def test_what_is_searched_for_in_the_log_is_what_the_function_logs() -> None:
    source = "".join(path.read_text() for path in (ROOT / "function").glob("*.py"))
    messages = re.findall(r'\$\.message = "(.+?)"', TEXT)
    assert [message for message in messages if f'"{message}"' not in source] == []
    counted = set(re.findall(r"\$\.(\w+) >", TEXT))
    assert counted <= {field.name for field in fields(Counts)}


def test_every_reason_that_the_function_gives_a_dead_letter_is_explained() -> None:
    codes = {path.parent.name for path in CORPUS} - {"taken"} | {"CannotBeStored", "InferenceError", "DeadlineNear"}
    assert [code for code in codes if f"`{code}`" not in SECTIONS["dlq-depth"]] == []
