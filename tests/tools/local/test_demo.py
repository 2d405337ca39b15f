"""The demo's output is correct for stacks with different settings too."""

import io
import re
from typing import Any

import pytest
from rich.console import Console

from tests.stacks import DEV
from tools.local.demo import run_demo
from tools.local.program import ROOT
from tools.local.stack import DEMO_MODEL

pytestmark = pytest.mark.slow(reason="runs whole pipelines")


def demo_with(**overrides: Any) -> tuple[bool, str]:
    """Whether the demo succeeded, and its output."""
    console = Console(record=True, width=120, file=io.StringIO())
    good = run_demo(DEV, DEMO_MODEL, console, batchWindowSeconds=0, **overrides)
    return good, console.export_text()


def test_the_demo_succeeds_without_stored_texts_or_info_logs() -> None:
    good, shown = demo_with(storeText=False, logLevel="WARN")
    assert good, shown
    assert "stored              40 of 40" in shown
    assert "at this logLevel the function does not say what became of them" in shown
    assert "inference per text" in shown, "the function writes metrics at every level"
    assert "(not stored)" in shown


def test_the_demo_does_not_wait_for_a_paused_stack() -> None:
    good, shown = demo_with(consume=False)
    assert good, shown
    assert "consume is false: the function takes no messages, and 40 wait in the queue." in shown


def test_readme_matches_the_end_of_the_demos_output_except_figures() -> None:
    good, shown = demo_with()
    lines = (ROOT / "README.md").read_text().partition("make demo\n...\n")[2].partition("```")[0].splitlines()
    assert good
    assert len(lines) == 10
    assert [figureless(line) for line in lines] == [figureless(line) for line in shown.splitlines()][-11:-1]


def figureless(line: str) -> list[str]:
    return re.sub(r"\d[\d.]*", "0", line).split()
