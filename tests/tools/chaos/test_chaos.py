"""The short form of the fault suite detects a broken function, and a fault that never takes effect."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import tools.chaos.command
from tools import pages
from tools.chaos import report
from tools.chaos.faults import Fault, Injector, refuse
from tools.chaos.messages import Message, shuffled
from tools.chaos.proxy import Answer, Call
from tools.chaos.queue_faults import TWICE
from tools.chaos.scenario import Scenario, run
from tools.chaos.stage import Stage
from tools.chaos.suite import SCENARIOS

pytestmark = pytest.mark.slow(reason="plays faults on whole pipelines, for a minute")


def test_the_suite_accounts_for_every_message_under_every_fault(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    result = tmp_path / "chaos.json"
    code = tools.chaos.command.main(["--quick", "--output", str(result)])
    found, printed = json.loads(result.read_text()), capsys.readouterr().out
    assert code == 0, printed
    assert "Every message is accounted for." in printed
    assert {each["name"] for each in found["scenarios"]} == set(SCENARIOS)
    totals = found["totals"]
    assert totals["messages_through_them"] == totals["stored"] + totals["dead_lettered"]
    assert (totals["lost"], totals["duplicated_in_effect"], totals["overwritten_by_older"]) == (0, 0, 0)
    assert all(each["seen"]["hits"] for each in found["scenarios"])


def broken(handler: str) -> Scenario:
    """A scenario that delivers each message twice, to a function that is broken on purpose."""
    return Scenario(name="broken", faults=[TWICE], handler=f"tests.tools.chaos.handlers.{handler}.handler")


def test_a_function_that_swallows_a_message_is_caught(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    outcome = run(broken("swallows"), 20)
    assert len(outcome.account.lost) > 0
    assert all('"text-7"' in body for body in outcome.account.lost)
    written = report.blocks([outcome])
    assert written.keys() <= pages.blocks().keys()
    assert all(f"{len(outcome.account.lost)} lost" in text for text in written.values())
    monkeypatch.setattr(tools.chaos.command, "SCENARIOS", {"broken": broken("swallows")})
    monkeypatch.setattr(tools.chaos.command, "outcomes", lambda *_: [outcome])
    assert tools.chaos.command.main(["--output", str(tmp_path / "chaos.json")]) == 1
    assert "Not good: broken" in capsys.readouterr().out
    assert json.loads((tmp_path / "chaos.json").read_text())["totals"]["lost"] == len(outcome.account.lost)


def test_a_function_that_writes_without_its_condition_is_caught() -> None:
    outcome = run(broken("unconditional"), 20)
    assert len(outcome.account.duplicated) > 0
    assert len(outcome.account.overwritten) > 0
    assert not outcome.good


def test_a_function_that_hides_its_failures_is_caught() -> None:
    throttled = SCENARIOS["table throttles, then recovers"]
    outcome = run(replace(throttled, handler="tests.tools.chaos.handlers.never_fails.handler"), 20)
    assert len(outcome.account.lost) > 0


@pytest.mark.parametrize("jobs", ["0", "-1", "two"])
def test_an_invalid_number_of_jobs_is_an_error(jobs: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        tools.chaos.command.main(["--jobs", jobs])
    assert f"'{jobs}' must be a whole number of at least 1" in capsys.readouterr().err


def test_a_fault_that_never_takes_effect_is_reported() -> None:
    never = Fault(what="never", operation="PutItem", do=refuse("X"), when=lambda call, scene: False)
    outcome = run(Scenario(name="idle", faults=[never]), 3)
    assert outcome.account.balanced
    assert outcome.complaints == ("never injected: never", "no fault was injected")
    assert not outcome.good


def test_a_message_left_in_the_queue_counts_as_lost() -> None:
    def send_only(stage: Stage, messages: Sequence[Message]) -> dict[str, Any]:
        stage.send(messages)
        return {}

    outcome = run(Scenario(name="unfinished", play=send_only, paused=True), 3)
    assert len(outcome.account.lost) == 3
    assert "3 messages are still in the queue" in outcome.complaints


@pytest.mark.parametrize(("share", "times", "struck"), [(1.0, 100, 12), (0.25, 100, 3), (0.8, 100, 9), (1.0, 5, 5)])
def test_a_fault_affects_its_share_of_the_calls_and_is_counted(share: float, times: int, struck: int) -> None:
    fault = Fault(what="refused", operation="PutItem", do=refuse("Busy"), share=share, times=times)
    injector = Injector([fault], None)  # type: ignore[arg-type]
    through = Answer(status=200, body={})
    calls = [Call(operation=name, request={}, forward=lambda: through) for name in ["PutItem", "Other"] * 12]
    statuses = Counter(injector.answer(call).status for call in calls)
    assert statuses[400] == injector.hits["refused"] == struck
    assert statuses[200] == 24 - struck


def test_the_error_for_an_unknown_scenario_lists_the_valid_ones(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        tools.chaos.command.main(["--only", "no such"])
    said = capsys.readouterr().err
    assert "'no such' is in no scenario's name" in said
    assert next(iter(SCENARIOS)) in said


def test_the_shuffled_messages_include_bundles_and_two_versions() -> None:
    from random import Random

    sent = shuffled(100, Random(1))
    assert len(sent) == 100
    assert max(len(each.texts) for each in sent) == 3
    assert {text.version for each in sent for text in each.texts} == {1, 2}
