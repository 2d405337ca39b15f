"""Files of texts: every format, and where in the file a fault lies."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from sentiment.errors import CommandError
from sentiment.sources import Layout, count_lines, format_of, opened, records
from sentiment_contract.messages import Item

MOMENT = datetime(2026, 11, 1, 9, tzinfo=UTC)


def read(path: Path, layout: Layout) -> list[tuple[int, list[Item], list[str]]]:
    """Line, items and codes of faults of each record."""
    with opened(path) as file:
        parsed = [(record.line, *record.parse(MOMENT)) for record in records(file, layout)]
    return [(line, items, [fault.code for fault in faults]) for line, items, faults in parsed]


def written(tmp_path: Path, name: str, content: str | bytes) -> Path:
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_each_of_the_json_lines_is_a_message_of_the_contract(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        "texts.jsonl",
        '\ufeff{"id": "1", "text": "good"}\r\n\n{"items": [{"id": "2", "text": "bad"}, {"id": "3"}]}\n{"id": NaN}\n'
        "no json",
    )
    assert read(path, Layout(format="jsonl")) == [
        (1, [Item("1", "good", MOMENT)], []),
        (3, [Item("2", "bad", MOMENT)], ["InvalidText"]),
        (4, [], ["InvalidJson"]),
        (5, [], ["InvalidJson"]),
    ]
    assert count_lines(path) == 4


def test_csv_is_read_by_the_names_of_its_columns_whatever_else_it_has(tmp_path: Path) -> None:
    content = (
        "stars;review;key;when\n"
        '5;"Two\nlines; ""quoted""";a;2026-10-31T08:00:00Z\n'
        "1;bad;b;1700000000\n"
        "3;undated;c;\n"
        "3;;d;\n"
        "2;short row\n"
        "2;later;e;yesterday\n"
    )
    layout = Layout(format="csv", id_column="key", text_column="review", timestamp_column="when", delimiter=";")
    assert read(written(tmp_path, "texts.csv", content), layout) == [
        (3, [Item("a", 'Two\nlines; "quoted"', datetime(2026, 10, 31, 8, tzinfo=UTC))], []),
        (4, [Item("b", "bad", datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC))], []),
        (5, [Item("c", "undated", MOMENT)], []),
        (6, [], ["InvalidText"]),
        (7, [], ["InvalidId"]),
        (8, [], ["InvalidTimestamp"]),
    ]


def test_a_column_that_is_not_there_is_named_with_those_that_are(tmp_path: Path) -> None:
    path = written(tmp_path, "texts.csv", "key,review\n1,good\n")
    with pytest.raises(CommandError, match="--id-column: 'id' is no column; must be one of 'key', 'review'"):
        read(path, Layout(format="csv"))


def test_what_has_no_header_to_go_by_is_refused_before_its_first_record(tmp_path: Path) -> None:
    for content, says in (("", "the file is empty"), (f"{'x' * 500}\n", r"must be one of 'x{199}\.\.\.$")):
        with opened(written(tmp_path, "texts.csv", content)) as file, pytest.raises(CommandError, match=says):
            records(file, Layout(format="csv"))


def test_a_text_longer_than_the_csv_modules_own_limit_is_left_to_the_contract(tmp_path: Path) -> None:
    path = written(tmp_path, "texts.csv", f"id,text\n1,{'x' * 200_000}\n2,good\n")
    assert read(path, Layout(format="csv")) == [(2, [], ["InvalidText"]), (3, [Item("2", "good", MOMENT)], [])]


def test_plain_lines_get_their_number_as_id(tmp_path: Path) -> None:
    path = written(tmp_path, "texts.txt", 'good\n\n  \nsay "bad"\n')
    assert read(path, Layout(format="lines", id_prefix="t-")) == [
        (1, [Item("t-1", "good", MOMENT)], []),
        (4, [Item("t-4", 'say "bad"', MOMENT)], []),
    ]


@pytest.mark.parametrize("kind", ["jsonl", "csv", "lines"])
def test_bytes_that_are_not_utf_8_reject_their_own_line_only(tmp_path: Path, kind: str) -> None:
    lines = {
        "jsonl": [b'{"id": "1", "text": "caf\xe9"}', b'{"id": "2", "text": "good"}'],
        "csv": [b"id,text", b"1,caf\xe9", b"2,good"],
        "lines": [b"caf\xe9", b"good"],
    }[kind]
    (_, nothing, faults), (_, (good,), _) = read(written(tmp_path, "texts", b"\n".join(lines)), Layout(format=kind))
    assert (nothing, faults, good.text) == ([], ["InvalidText"], "good")


def test_the_format_follows_from_the_suffix_or_is_asked_for() -> None:
    assert [format_of(Path(name), None) for name in ("a.jsonl", "a.TSV", "a.txt", "-")] == [
        "jsonl",
        "csv",
        "lines",
        "jsonl",
    ]
    assert format_of(Path("a.log"), "lines") == "lines"
    with pytest.raises(CommandError, match=r"'\.log' is not one that is known; must be one of csv, jsonl, lines"):
        format_of(Path("a.log"), None)
    with pytest.raises(CommandError, match="'texts' has no suffix"):
        format_of(Path("of/texts"), None)
    with pytest.raises(CommandError, match="'xml'"):
        format_of(Path("a.csv"), "xml")
