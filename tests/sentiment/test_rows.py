"""Strict CSV: well-formed rows are read, others are rejected, and no rejected row affects another."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentiment.rows import MAX_ROW_CHARS, Dialect, Rows

TABS = Dialect(delimiter="\t", quote="", escape="\\")


COMMAS = Dialect()


def read(content: str, dialect: Dialect = COMMAS) -> list[tuple[int, list[str] | str]]:
    """The line of each row, with its fields or its fault."""
    return [(row.line, row.fault or row.fields) for row in Rows(content.splitlines(keepends=True), dialect)]


@pytest.mark.parametrize(
    ("content", "rows"),
    [
        ('a,"b, c"\n\n"d ""e""\nf",g\r\n', [(1, ["a", "b, c"]), (3, ['d "e"\nf', "g"])]),
        ('a,17" monitor\nb,say "x"\n', [(1, ["a", '17" monitor']), (2, ["b", 'say "x"'])]),
        ("a,\n,\n", [(1, ["a", ""]), (2, ["", ""])]),
        ('"a","",\n', [(1, ["a", "", ""])]),
        ("a,b :\\\nc,d\n", [(1, ["a", "b :\\"]), (2, ["c", "d"])]),
        ("a,b", [(1, ["a", "b"])]),
        ("   \n", []),
    ],
)
def test_well_formed_rows_are_read(content: str, rows: list[tuple[int, list[str]]]) -> None:
    assert read(content) == rows


UNCLOSED = "character 3 is never closed in the file"


@pytest.mark.parametrize(
    ("content", "rows"),
    [
        ('a,"b\nc,d\ne,f\n', [(1, UNCLOSED), (2, ["c", "d"]), (3, ["e", "f"])]),
        ('a,"b\nc,"d\ne,f\n', [(1, "closed on line 2, where 'd' follows"), (2, UNCLOSED), (3, ["e", "f"])]),
        ('a,"17" monitor"\nc,d\n', [(1, "where ' ' follows; double a quote within quotes"), (2, ["c", "d"])]),
        ('a,"say \\"x\\""\nc,d\n', [(1, "--escape '\\' reads such files"), (2, ["c", "d"])]),
        ('"a\nb","c\nd,e\n', [(2, "character 4 is never closed"), (3, ["d", "e"])]),
        ('a,"17" x,\ny, z"\nc,d\n', [(1, "' ' follows"), (2, "end of the row on line 1?"), (3, ["c", "d"])]),
        (
            "a,one\\\ntwo\nc,d\n",
            [(1, "the next line is not a row; --quote \"\" --escape '\\' joins"), (2, ["two"]), (3, ["c", "d"])],
        ),
    ],
)
def test_a_fault_is_reported_at_its_line_and_later_rows_are_read(
    content: str, rows: list[tuple[int, list[str] | str]]
) -> None:
    found = read(content)
    assert [line for line, _ in found] == [line for line, _ in rows]
    for (_, got), (_, wanted) in zip(found, rows, strict=True):
        assert got == wanted if isinstance(wanted, list) else isinstance(got, str) and wanted in got


@pytest.mark.parametrize(
    ("content", "dialect", "rows"),
    [
        ("a\tone\\\ntwo\\\tthree\\nfour\\\\\nb\t\\N\n", TABS, [["a", "one\ntwo\tthree\nfour\\"], ["b", ""]]),
        ("a\tC:\\\\new\\_x\\\\N\n", TABS, [["a", "C:\\new\\_x\\N"]]),
        ('"a",\\N\nC:\\new,b\\\n', Dialect(escape="\\"), [["a", ""], ["C:\\new", "b\\"]]),
        ('a\t"Best\nb\tx\n', TABS, [["a", '"Best'], ["b", "x"]]),
        ('a,"say \\"x\\", C:\\new \\\\ \\\nb"\n', Dialect(escape="\\"), [["a", 'say "x", C:\\new \\ \nb']]),
        ("a,one\\", Dialect(quote="", escape="\\"), ["the escape at its end is followed by nothing"]),
    ],
)
def test_rows_are_read_in_the_requested_dialect(content: str, dialect: Dialect, rows: list[object]) -> None:
    assert [fields for _, fields in read(content, dialect)] == rows


def test_an_unclosed_quote_does_not_load_a_large_file_into_memory() -> None:
    taken = 0

    def lines() -> object:
        nonlocal taken
        yield 'a,"b\n'
        while True:
            taken += 1
            yield f"{'c' * 98},d\n"

    rows = iter(Rows(lines(), Dialect()))  # type: ignore[arg-type]
    assert f"within {MAX_ROW_CHARS} characters" in next(rows).fault
    assert taken <= MAX_ROW_CHARS / 100
    assert next(rows).line == 2


cells = st.text(st.characters(exclude_categories=()) | st.sampled_from(',"\n\r\\\u2028\x85'), max_size=8)


@given(st.lists(st.lists(cells, min_size=2, max_size=2), max_size=5))
def test_csv_written_by_python_is_read_back_unchanged(table: list[list[str]]) -> None:
    written = io.StringIO()
    csv.writer(written, quoting=csv.QUOTE_ALL, lineterminator="\r\n").writerows(table)
    lines = io.StringIO(written.getvalue(), newline="\n")
    assert [row.fields for row in Rows(lines, Dialect())] == table
