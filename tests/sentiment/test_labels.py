"""The colours of labels, as models of the hub name them."""

import io
from typing import Any

import pytest
from rich.console import Console

from sentiment.labels import style_of
from sentiment.summary import Summary
from tools.local.demo_report import show_results

LABELS = {
    "POSITIVE": "green",
    "negative": "red",
    "neutral": "yellow",
    "POS": "green",
    "NEU": "yellow",
    "Very Negative": "red",
    "LABEL_1": "",
    "5 stars": "",
    "positively": "",
}
GREEN, RED, YELLOW = "\x1b[32m", "\x1b[31m", "\x1b[33m"


@pytest.mark.parametrize(("label", "style"), LABELS.items())
def test_a_label_gets_the_colour_of_its_meaning_or_none(label: str, style: str) -> None:
    assert style_of(label) == style


@pytest.fixture
def screen() -> Console:
    return Console(file=io.StringIO(), force_terminal=True, color_system="standard", width=120)


def shown(screen: Console) -> str:
    assert isinstance(screen.file, io.StringIO)
    return screen.file.getvalue()


def test_the_demonstration_colours_labels_and_prints_brackets_literally(screen: Console) -> None:
    labels = ("negative", "neutral", "positive", "[mixed]")
    show_results(
        {label: {"sentiment": label, "score": "0.5", "text": "?", "truncated": False} for label in labels}, screen
    )
    for colour, label in ((RED, "negative"), (YELLOW, "neutral"), (GREEN, "positive")):
        assert f"{colour}{label}" in shown(screen)
    assert shown(screen).count("[mixed]") == 2  # once as its id, once as its label


def test_the_summary_draws_a_bar_in_each_colour(screen: Console) -> None:
    summary = Summary()
    results: list[dict[str, Any]] = [{"sentiment": label, "score": 0.5, "truncated": False} for label in LABELS]
    summary.add(results)
    screen.print(summary.render())
    for colour in (RED, YELLOW, GREEN):
        assert f"{colour}█" in shown(screen)
