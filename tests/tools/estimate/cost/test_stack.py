"""The parts of a stack that cost money, read from its registrations, and the command that prints the costs."""

from typing import Any

import pytest

from tests.stacks import DEV
from tools.estimate.cost.__main__ import main
from tools.estimate.cost.measured import Measured
from tools.estimate.cost.report import notes, report
from tools.estimate.cost.stack import stack_of
from tools.local.program import run
from tools.local.recorder import Recorder


def test_a_stack_is_read_from_the_resources_its_program_registers(prod: Recorder) -> None:
    stack = stack_of("prod", prod)
    assert (stack.memory_mb, stack.architecture, stack.batch_size, stack.window_s) == (512, "x86_64", 10, 5)
    assert (stack.provisioned, stack.provisioned_max, stack.log_days, stack.tracing) == (2, 10, 90, True)
    assert (stack.backend, stack.result_days, stack.recovery, stack.keys) == ("onnx", 365, True, 1)
    assert stack.alarms == 10 + 2, "scaling creates two alarms of its own"


def test_settings_change_the_stack_that_is_priced() -> None:
    changed = stack_of("dev", run(DEV, memoryMb=1024, tracing=False, architecture="arm64", consume=False))
    assert (changed.memory_mb, changed.tracing, changed.architecture, changed.consume) == (1024, False, "arm64", False)


def test_a_stream_is_counted_and_the_notes_price_its_readers() -> None:
    streaming = stack_of("dev", run(DEV, resultStream=True))
    found = report(streaming, Measured.read(None), "ten_mixed", 500, free_tier=False)
    assert [line.quantity for line in found.bill.lines if "stream" in line.what] == [365_000]
    (note,) = [note for note in notes(found) if "stream" in note]
    assert "a pipe would add 0.15 USD" in note


def test_pollers_replace_the_maximum_concurrency() -> None:
    pollers = stack_of("dev", run(DEV, maxConcurrency=0, minimumPollers=2, maximumPollers=5))
    assert (pollers.minimum_pollers, pollers.most_batches, pollers.most_batches_is) == (2, 50, "maximumPollers 5")
    neither = stack_of("dev", run(DEV, maxConcurrency=0))
    assert (neither.minimum_pollers, neither.most_batches, neither.most_batches_is) == (0, 1_250, "Lambda's 1,250")


def test_a_stack_does_not_pay_for_storing_a_promoted_image() -> None:
    digest = "123456789012.dkr.ecr.us-west-2.amazonaws.com/sentiment@sha256:" + "0" * 64
    assert stack_of("dev", run(DEV, imageUri=digest)).kept_images == 0


def test_the_command_prints_the_three_tables(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--stack", "prod", "--items-per-hour", "500"]) == 0
    printed = capsys.readouterr().out
    for part in ("Stack prod at 500 texts an hour", "Amazon Comprehend", "cheapest", "from memory, not looked up"):
        assert part in printed


@pytest.mark.parametrize(
    ("values", "items_per_hour", "too_low"),
    [
        ({"maxConcurrency": 2}, 500_000, "maxConcurrency 2 is too low"),
        ({"maxConcurrency": 2}, 50_000, ""),
        ({"maxConcurrency": 0}, 200_000_000, "Lambda's 1,250 is too low"),
        ({"maxConcurrency": 0, "minimumPollers": 2, "maximumPollers": 5}, 1_700_000, ""),
        # Each poller reads 100 messages a second, however fast the function processes them.
        ({"maxConcurrency": 0, "minimumPollers": 2, "maximumPollers": 5}, 1_900_000, "maximumPollers 5 is too low"),
    ],
)
def test_the_notes_warn_when_the_rate_exceeds_the_capacity(
    values: dict[str, Any], items_per_hour: float, too_low: str
) -> None:
    told = notes(report(stack_of("dev", run(DEV, **values)), Measured.read(), "ten_mixed", items_per_hour, False))
    grows = [note for note in told if "the queue grows" in note]
    assert len(grows) == bool(too_low)
    assert all(too_low in note for note in grows)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--items-per-hour", "-5"], "-5 is not allowed; must be a number of 0 or more"),
        (["--items-per-hour", "nan"], "nan is not allowed"),
        (["--stack", "nope"], "there is no Pulumi.nope.yaml; the stacks are "),
        (["--workload", "nope"], "workload 'nope': was not measured; there are"),
        (["--bench", "no/such/file"], "no/such/file"),
    ],
)
def test_bad_input_is_named_and_exits_with_2(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    assert said in capsys.readouterr().out
