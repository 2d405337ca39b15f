"""Files of texts: every format, and the location of faults."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from sentiment.errors import CommandError
from sentiment.opening import count_lines, opened
from sentiment.record import Layout
from sentiment.rows import Dialect
from sentiment.sources import derived_prefix, format_of, records
from sentiment_contract.messages import Item

FILES = Path(__file__).parent / "files"  # as other programs wrote them
MOMENT = datetime(2026, 11, 1, 9, tzinfo=UTC)


def read(path: Path, layout: Layout) -> list[tuple[int, list[Item], list[str]]]:
    """The line, the items and the fault codes of each record."""
    with opened(path) as file:
        parsed = [(record.line, *record.parse(MOMENT)) for record in records(file, layout)]
    return [(line, items, [fault.code for fault in faults]) for line, items, faults in parsed]


def written(tmp_path: Path, name: str, content: str | bytes) -> Path:
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_each_json_line_is_parsed_as_a_message(tmp_path: Path) -> None:
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


def test_csv_fields_are_read_by_column_name(tmp_path: Path) -> None:
    content = (
        "stars;review;key;when\n"
        '5;"Two\nlines; ""quoted""";a;2026-10-31T08:00:00Z\n'
        "1;bad;b;1700000000\n"
        "3;undated;c;\n"
        "3;;d;\n"
        "2;short row\n"
        "2;later;e;yesterday\n"
    )
    layout = Layout(
        format="csv", id_column="key", text_column="review", timestamp_column="when", dialect=Dialect(delimiter=";")
    )
    assert read(written(tmp_path, "texts.csv", content), layout) == [
        (2, [Item("a", 'Two\nlines; "quoted"', datetime(2026, 10, 31, 8, tzinfo=UTC))], []),
        (4, [Item("b", "bad", datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC))], []),
        (5, [Item("c", "undated", MOMENT)], []),
        (6, [], ["InvalidText"]),
        (7, [], ["InvalidRow"]),
        (8, [], ["InvalidTimestamp"]),
    ]


def test_a_missing_column_is_reported_with_the_columns_that_exist(tmp_path: Path) -> None:
    path = written(tmp_path, "texts.csv", "key,review\n1,good\n")
    with pytest.raises(CommandError, match="--id-column: 'id' is not a column; must be one of 'key', 'review'"):
        read(path, Layout(format="csv"))


def test_a_csv_without_a_usable_header_is_refused_before_its_first_record(tmp_path: Path) -> None:
    for content, says in (("", "the file is empty"), (f"{'x' * 500}\n", r"must be one of 'x{199}\.\.\.$")):
        with opened(written(tmp_path, "texts.csv", content)) as file, pytest.raises(CommandError, match=says):
            records(file, Layout(format="csv"))


def test_a_text_beyond_the_csv_modules_limit_is_rejected_by_the_contract(tmp_path: Path) -> None:
    path = written(tmp_path, "texts.csv", f"id,text\n1,{'x' * 200_000}\n2,good\n")
    assert read(path, Layout(format="csv")) == [(2, [], ["InvalidText"]), (3, [Item("2", "good", MOMENT)], [])]


def test_plain_lines_get_their_line_number_as_id(tmp_path: Path) -> None:
    path = written(tmp_path, "texts.txt", 'good\n\n  \nsay "bad"\n')
    assert read(path, Layout(format="lines", id_prefix="t-")) == [
        (1, [Item("t-1", "good", MOMENT)], []),
        (4, [Item("t-4", 'say "bad"', MOMENT)], []),
    ]


@pytest.mark.parametrize("kind", ["jsonl", "csv", "lines"])
def test_invalid_utf_8_rejects_only_its_own_line(tmp_path: Path, kind: str) -> None:
    lines = {
        "jsonl": [b'{"id": "1", "text": "caf\xe9"}', b'{"id": "2", "text": "good"}'],
        "csv": [b"id,text", b"1,caf\xe9", b"2,good"],
        "lines": [b"caf\xe9", b"good"],
    }[kind]
    (_, nothing, faults), (_, (good,), _) = read(written(tmp_path, "texts", b"\n".join(lines)), Layout(format=kind))
    assert (nothing, faults, good.text) == ([], ["InvalidEncoding"], "good")


def test_the_format_comes_from_the_suffix_or_the_option() -> None:
    assert [format_of(Path(name), None) for name in ("a.jsonl", "a.TSV", "a.txt", "-")] == [
        "jsonl",
        "csv",
        "lines",
        "jsonl",
    ]
    assert format_of(Path("a.log"), "lines") == "lines"
    with pytest.raises(CommandError, match=r"'\.log' is unknown; must be one of csv, jsonl, letters, lines"):
        format_of(Path("a.log"), None)
    with pytest.raises(CommandError, match="'texts' has no known suffix"):
        format_of(Path("of/texts"), None)
    with pytest.raises(CommandError, match="'xml'"):
        format_of(Path("a.csv"), "xml")
    assert format_of(Path("a.CSV.gz"), None) == "csv"
    with pytest.raises(CommandError, match='save the sheet as "CSV UTF-8"'):
        format_of(Path("a.xlsx"), None)
    with pytest.raises(CommandError, match="each object on a line of its own"):
        format_of(Path("a.json"), None)


CSV = Layout(format="csv")
TSV = Layout(format="csv", dialect=Dialect(delimiter="\t"))


@pytest.mark.parametrize(
    ("name", "layout", "ids", "refused"),
    [
        ("csv-row-wider-than-header/reviews.csv", CSV, ["w1", "w3"], [3]),
        ("csv-row-wider-than-header/id-last.csv", CSV, ["i1"], [3]),
        ("csv-quote-never-closed/reviews.csv", CSV, ["q1", "q3", "q4", "q5"], [3]),
        ("csv-quote-never-closed/inches.csv", CSV, ["n1", "n3"], [3]),
        ("csv-quote-never-closed/backslash.csv", CSV, ["b2"], [2]),
        ("csv-quote-never-closed/unquoted-style.tsv", TSV, ["s1", "s3", "s4"], [3]),
    ],
)
def test_a_malformed_row_is_refused_by_line_without_affecting_others(
    name: str, layout: Layout, ids: list[str], refused: list[int]
) -> None:
    found = read(FILES / name, layout)
    assert [item.id for _, items, _ in found for item in items] == ids
    assert [(line, faults) for line, _, faults in found if faults] == [(line, ["InvalidRow"]) for line in refused]


def test_no_row_after_an_unclosed_quote_is_lost(tmp_path: Path) -> None:
    rows = [f"l{n},{'Terrible' if n % 2 else 'Lovely'} {n}\n" for n in range(6_000)]
    rows[9] = 'l9,"Great\n'
    found = read(written(tmp_path, "large.csv", "id,text\n" + "".join(rows)), CSV)
    assert len([items for _, items, _ in found if items]) == 5_999
    assert [(line, faults) for line, _, faults in found if faults] == [(11, ["InvalidRow"])]


def test_escaped_and_unquoted_texts_are_read_whole_in_their_dialect() -> None:
    escaped = Layout(format="csv", dialect=Dialect(escape="\\"))
    (_, (first, *_), _), _ = read(FILES / "csv-quote-never-closed/backslash.csv", escaped)
    assert first.text == 'She said "lovely, but cold" and left angry'
    unquoted = Layout(format="csv", dialect=Dialect(delimiter="\t", quote=""))
    assert (
        read(FILES / "csv-quote-never-closed/unquoted-style.tsv", unquoted)[1][1][0].text == '"Best ever, says the box'
    )


def dates(path: Path, layout: Layout = CSV) -> dict[str, str]:
    return {item.id: item.sent_at.isoformat() for _, items, _ in read(path, layout) for item in items}


def test_eight_digits_are_read_as_a_date_in_csv_and_json() -> None:
    folder = FILES / "yyyymmdd-in-a-csv-timestamp"
    first = "2025-11-01T00:00:00+00:00"
    assert dates(folder / "new.csv") == {"y1": first, "y2": first}
    assert dates(folder / "old.csv") == dict.fromkeys(("y1", "y2"), "2025-03-01T00:00:00+00:00")
    assert dates(folder / "same-as.jsonl", Layout(format="jsonl")) == {"y3": first}


def test_an_invalid_timestamp_is_refused_and_its_value_named(tmp_path: Path) -> None:
    with opened(FILES / "yyyymmdd-in-a-csv-timestamp" / "odd.csv") as file:
        faults = [fault for record in records(file, CSV) for fault in record.parse(MOMENT)[1]]
    shown = ("'NaN'", "45962", "'1_700_000_000'", "'NaT'", "2025", "'infinity'", "'1.7E+09'", "' '")
    assert [(fault.code, fault.message.partition(" is not")[0]) for fault in faults] == [
        ("InvalidTimestamp", f"timestamp: {value}") for value in shown
    ]


@pytest.mark.parametrize(("name", "layout"), [("reviews.csv", CSV), ("reviews.jsonl", Layout(format="jsonl"))])
def test_utf_16_with_a_byte_order_mark_is_read(name: str, layout: Layout) -> None:
    texts = [item.text for _, items, _ in read(FILES / "utf16-text-file" / name, layout) for item in items]
    assert texts == ["Great hotel", "Awful"]


def test_utf_16_lines_need_a_byte_order_mark() -> None:
    found = read(FILES / "utf16-text-file" / "reviews.txt", Layout(format="lines"))
    assert [items[0].text for _, items, _ in found] == ["Great hotel", "Awful food", "I love it"]
    for name in ("no-bom.txt", "no-bom.csv"):
        with pytest.raises(CommandError, match="--encoding utf-16-le reads it"):
            read(FILES / "utf16-text-file" / name, Layout(format="lines"))


def test_a_line_in_another_encoding_is_refused_with_a_suggested_encoding(tmp_path: Path) -> None:
    path = written(tmp_path, "texts.txt", b"good\ncaf\xe9 is lovely\n")
    with opened(path) as file:
        _, (fault,) = list(records(file, Layout(format="lines")))[1].parse(MOMENT)
    assert fault.code == "InvalidEncoding"
    assert "the byte 0xE9 at character 4 is not utf-8" in fault.message
    assert "--encoding cp1252 reads 'caf\u00e9 is lovely'" in fault.message
    with opened(path, "cp1252") as file:
        assert list(records(file, Layout(format="lines")))[1].parse(MOMENT)[0][0].text == "caf\u00e9 is lovely"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("id;text\n", "the header contains ';': --delimiter ';' splits it"),
        ("id\ttext\n", r"--delimiter '\\t' splits"),
        ("key;review\n", "--delimiter ';'"),
        ("id,text,text\n", "--text-column: 'text' is the name of several columns"),
        ('"id,text\n1,good\n', "line 1: not CSV: the quote at character 1 is never closed"),
        ("sep=;\nid;text\n", "line 1 says 'sep=;': --delimiter ';' reads it"),
    ],
)
def test_an_unusable_header_is_refused_with_the_reason(tmp_path: Path, content: str, says: str) -> None:
    with pytest.raises(CommandError, match=says):
        read(written(tmp_path, "texts.csv", content), CSV)


def test_the_requested_timestamp_column_must_exist(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="--timestamp-column: 'when' is not a column"):
        read(written(tmp_path, "texts.csv", "id,text\n1,good\n"), Layout(format="csv", timestamp_column="when"))


@pytest.mark.parametrize("line", ["#TYPE System.Management.Automation.PSCustomObject", "sep=,"])
def test_known_lines_above_the_header_are_skipped(tmp_path: Path, line: str) -> None:
    path = written(tmp_path, "texts.csv", f'{line}\r\n"id","text"\r\n"1","good"\r\n')
    assert read(path, CSV) == [(3, [Item("1", "good", MOMENT)], [])]


def test_ids_of_plain_lines_derive_from_the_files_name_and_content(tmp_path: Path) -> None:
    path = written(tmp_path, "feedback.txt", "good\nbad\n")
    today = derived_prefix(path)
    assert today.startswith("feedback-")
    assert derived_prefix(path) == today
    assert derived_prefix(written(tmp_path, "feedback.txt", "good\nfine\n")) != today
    assert derived_prefix(Path("-")) != derived_prefix(Path("-"))
