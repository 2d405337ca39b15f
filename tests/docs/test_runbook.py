"""The runbook has a complete section for every alarm of every stack, and its commands exist."""

import re
from dataclasses import fields
from pathlib import Path

import pytest

from function.consume import DEADLINE, Counts
from policy.alarms import ALARM, DESCRIPTION_CHARS
from tests.docs.commands import Shell, scripts
from tests.stacks import PROD
from tools.local.program import ROOT, run
from tools.local.recorder import Recorder

RUNBOOK = ROOT / "docs" / "runbook.md"
TEXT = RUNBOOK.read_text()
SECTIONS = dict(re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", TEXT, re.MULTILINE | re.DOTALL))
GENERAL = {"First", "To test an alarm"}
CHECK, HELPERS, *_ = scripts(RUNBOOK)
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
    parts = re.findall(r"^\*\*(.+?)\*\*\s*(\S.{20,}?)(?=^\*\*|\Z)", SECTIONS[name], re.MULTILINE | re.DOTALL)
    assert [part for part, _ in parts] == PARTS


def test_links_to_a_runbook_elsewhere_fit_into_alarm_descriptions() -> None:
    url = "https://github.example/" + "x" * 470
    for alarm in run(PROD, runbookUrl=url, stableVersion=7, canary=True).all(ALARM):
        assert f"{url}#{alarm.name.removeprefix('alarm-')}" in alarm.inputs["alarmDescription"]
        assert len(alarm.inputs["alarmDescription"]) <= DESCRIPTION_CHARS


@pytest.mark.parametrize(
    ("version", "status"),
    [
        ("1.46.3 Python/3.11.7", 1),
        ("2.9.19 Python/3.11.2", 1),
        ("2.21.0 Python/3.12.6", 0),
        ("2.36.7 Python/3.14.5", 0),
    ],
)
def test_the_check_refuses_an_aws_cli_that_is_too_old(version: str, status: int, tmp_path: Path) -> None:
    done = Shell(tmp_path, version=f"aws-cli/{version} Linux/6.1").run(CHECK)
    assert (done.returncode, done.stderr.count("\n")) == (status, status)


@pytest.mark.parametrize("answer", ["", "None"])
@pytest.mark.parametrize(
    ("call", "why"),
    [
        ("alarm spillover", "stack prod has no alarm spillover"),
        ("config Nonsense", "the function has no Nonsense"),
        ("logs word", "the function has no LoggingConfig.LogGroup"),
        ("out nonsense", "stack prod has no output nonsense"),
    ],
)
def test_a_helper_stops_with_an_error_if_a_name_is_missing(call: str, why: str, answer: str, tmp_path: Path) -> None:
    shell = Shell(tmp_path, aws=answer, **({"others": answer} if call.startswith("out") else {}))
    done = shell.run(f"{HELPERS}\n{call}")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.splitlines()[-1] == why
    assert [each for each in shell.calls if each.words[0] == "logs"] == []


def test_alarm_names_match_the_prefix_that_the_runbook_searches_for(stack: Recorder) -> None:
    assert '--alarm-name-prefix "$PROJECT-$STACK-alarm-$1-"' in TEXT
    for alarm in stack.all(ALARM):
        assert alarm.outputs["name"].startswith(f"{stack.project.name}-{stack.stack}-{alarm.name}-")


def test_the_function_logs_every_message_that_the_runbook_searches_for() -> None:
    source = "".join(path.read_text() for path in (ROOT / "function").glob("*.py"))
    messages = re.findall(r'\$\.message = "(.+?)"', TEXT)
    assert [message for message in messages if f'"{message}"' not in source] == []
    counted = set(re.findall(r"\$\.(\w+) >", TEXT))
    assert counted <= {field.name for field in fields(Counts)}


def test_the_runbook_explains_the_dead_letter_codes() -> None:
    source = "".join(
        path.read_text() for name in ("function", "sentiment_contract") for path in (ROOT / name).glob("*.py")
    )
    codes = {DEADLINE, *re.findall(r'\b(?:Fault|Retry|_Invalid)\(\s*"(\w+)"', source)}
    assert codes >= {"InvalidJson", "InvalidText", "CannotBeStored", "InferenceError"}
    assert [code for code in codes if f"`{code}`" not in SECTIONS["dlq-depth"]] == []
