"""Labelled texts from a CSV file: what is read, what is refused by its line, and which texts are held out."""

import random
from pathlib import Path

import pytest

from sentiment.errors import CommandError
from tools.models.labelled import Labelled, counts, read, split, without


def file(tmp_path: Path, content: str, encoding: str = "utf-8") -> Path:
    path = tmp_path / "labelled.csv"
    path.write_text(content, encoding=encoding)
    return path


def test_labels_come_from_their_column_and_a_text_may_span_lines(tmp_path: Path) -> None:
    path = file(tmp_path, 'id,text,label\n1,"Good,\nreally",5 stars\n2,Bad, 1 \n')
    assert read(path) == [Labelled(2, "Good,\nreally", "5 stars"), Labelled(4, "Bad", "1")]


def test_a_file_may_have_other_columns_delimiter_and_encoding(tmp_path: Path) -> None:
    path = file(tmp_path, "Bewertung;Stimmung\nSchön;gut\n", encoding="utf-16")
    assert read(path, text_column="Bewertung", label_column="Stimmung", delimiter=";") == [Labelled(2, "Schön", "gut")]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", "the file is empty"),
        ("text,label\n", "no text under the header"),
        ("text,stars\nGood,5\n", "--label-column: 'label' names no column; the header has 'text', 'stars'"),
        ("text,label,label\nGood,5,5\n", "'label' names several columns"),
        ("text,label\nGood,5\nBad\n,1\nMeh, \n", "3 rows that cannot be used: line 3: 1 fields, but the header has 2"),
        ("text,label\nGood,5\n ,1\n", "line 3: the text is empty"),
        ('text,label\n"Good,5\n', "line 2: the quote at character 1 is never closed"),
        ("text,label\n" + "x, \n" * 9, "9 rows that cannot be used: .*; and 4 more"),
    ],
)
def test_an_unusable_file_or_row_is_refused_with_the_reason(tmp_path: Path, content: str, says: str) -> None:
    with pytest.raises(CommandError, match=says):
        read(file(tmp_path, content))


def texts(number: int) -> list[Labelled]:
    return [Labelled(line, f"text {line}", "a") for line in range(number)]


def test_the_held_out_texts_do_not_depend_on_order_or_added_texts() -> None:
    shuffled = texts(1000)
    random.Random(1).shuffle(shuffled)
    kept, held = split(texts(1000), 0.1)
    assert 70 < len(held) < 130
    assert set(split(shuffled, 0.1)[1]) == set(held)
    assert {text for text in split(texts(2000), 0.1)[1] if text.line < 1000} == set(held)
    assert sorted(kept + held, key=lambda text: text.line) == texts(1000)


def test_texts_that_differ_only_in_case_and_spaces_share_a_side() -> None:
    doubles = [Labelled(text.line + 1000, text.text.upper().replace(" ", "  "), "a") for text in texts(100)]
    kept, held = split(texts(100) + doubles, 0.3)
    assert held
    assert not {text.key for text in kept} & {text.key for text in held}
    assert without(texts(100) + doubles, held) == kept


def test_counts_gives_the_number_of_texts_per_label() -> None:
    given = counts([Labelled(1, "x", "b"), Labelled(2, "y", "a"), Labelled(3, "z", "b")])
    assert list(given.items()) == [("a", 1), ("b", 2)], "in the order of the labels"
