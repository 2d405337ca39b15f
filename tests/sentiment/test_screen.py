"""A table that is too wide for the screen is shown row by row, and nothing is cut."""

import io

import pytest
from rich.console import Console
from rich.table import Table

from sentiment.screen import fitting


@pytest.mark.parametrize(("width", "as_table"), [(60, False), (120, True)])
def test_a_table_that_is_wider_than_the_screen_becomes_lines(width: int, as_table: bool) -> None:
    out = io.StringIO()
    console = Console(file=out, width=width)
    table = Table(*(f"heading {n}" for n in range(6)), "", title="title")
    table.add_row(*(f"value {n}" for n in range(6)), "without a heading")
    console.print(fitting(table, console))
    assert ("┏" in out.getvalue()) == as_table
    assert all(f"{word} {n}" in out.getvalue() for word in ("heading", "value") for n in range(6))
    assert as_table or "\nwithout a heading\n" in out.getvalue()
