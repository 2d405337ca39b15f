"""Accuracy, precision, recall and F1 from a confusion matrix, against an example calculated by hand."""

import pytest
from rich.console import Console

from tools.models.score import Score

# 10 texts: five of a, of which four are found; three of b, of which one is found; two of c, none of which is found.
PAIRS = [*[("a", "a")] * 4, ("a", "b"), ("b", "b"), *[("b", "a")] * 2, *[("c", "a")] * 2]


def test_the_figures_match_a_hand_calculation() -> None:
    score = Score.of(PAIRS)
    assert (score.texts, score.accuracy, score.chance) == (10, 0.5, 0.5)
    assert (score.precision("a"), score.recall("a")) == (0.5, 0.8)
    assert (score.precision("b"), score.recall("b")) == (0.5, pytest.approx(1 / 3))
    assert (score.precision("c"), score.recall("c"), score.f1("c")) == (0, 0, 0)
    assert score.f1("a") == pytest.approx(2 * 0.5 * 0.8 / 1.3)
    assert score.f1("b") == pytest.approx(0.4)
    assert score.macro_f1 == pytest.approx((2 * 0.5 * 0.8 / 1.3 + 0.4 + 0) / 3)


def test_a_class_missing_from_the_file_is_shown_but_not_averaged() -> None:
    score = Score.of([("a", "a"), ("b", "b"), ("b", "d")])
    assert score.labels == ["a", "b", "d"]
    assert score.macro_f1 == pytest.approx((1 + 2 / 3) / 2)


def test_the_matrix_counts_texts_by_file_label_and_model_label() -> None:
    console = Console(record=True, width=120)
    console.print(Score.of(PAIRS).matrix())
    lines = [line.split("│")[1:-1] for line in console.export_text().splitlines() if line.startswith("│")]
    assert [[cell.strip() for cell in line] for line in lines] == [
        ["a", "4", "1", "0"],
        ["b", "2", "1", "0"],
        ["c", "2", "0", "0"],
    ]
