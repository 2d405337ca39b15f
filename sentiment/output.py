"""Results as a table, JSON lines or CSV, written as they come."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from sentiment.json_line import json_line
from sentiment.labels import painted
from sentiment.screen import excerpt
from sentiment.spreadsheet import protected
from sentiment.summary import Summary
from sentiment.table import Result

SHOWN_CHARS = 50  # of a text
SHOWN_ROWS = 200  # a table is for reading


class Format(StrEnum):
    TABLE = "table"
    JSONL = "jsonl"
    CSV = "csv"
    SUMMARY = "summary"


@dataclass(kw_only=True)
class Output:
    """
    Attributes:
        format: what to write; a table and a summary end with what all results say together.
        fields: of the results, in the order of CSV's columns.
        console: where to.
        live: write a table's rows as they come, not at the end.
    """

    format: Format
    fields: Sequence[str]
    console: Console
    live: bool = False
    summary: Summary = field(default_factory=Summary)
    _rows: list[Result] = field(default_factory=list)

    def begin(self) -> None:
        if self.format is Format.CSV:
            self._csv().writeheader()

    def write(self, results: Sequence[Result]) -> None:
        self.summary.add(results)
        if self.format is Format.JSONL:
            self.console.file.writelines(json_line(result) + "\n" for result in results)
        elif self.format is Format.CSV:
            self._csv().writerows({name: protected(value) for name, value in each.items()} for each in results)
        elif self.format is Format.TABLE and self.live:
            for result in results:
                self.console.print(*_cells(result))
        elif self.format is Format.TABLE:
            self._rows += results[: SHOWN_ROWS - len(self._rows)]
        self.console.file.flush()

    def end(self) -> None:
        if self._rows:
            table = Table("id", Column("sentiment", no_wrap=True), Column("score", no_wrap=True), "text")
            for result in self._rows:
                table.add_row(*_cells(result))
            self.console.print(table)
            if hidden := self.summary.total - len(self._rows):
                self.console.print(f"... and {hidden} more; --output jsonl and csv have all")
        if self.format in (Format.TABLE, Format.SUMMARY):
            self.console.print(self.summary.render())

    def _csv(self) -> "csv.DictWriter[str]":
        # All strings in quotes: not every Python's csv module quotes one for a lone carriage return.
        return csv.DictWriter(self.console.file, self.fields, lineterminator="\n", quoting=csv.QUOTE_NONNUMERIC)


def _cells(result: Result) -> tuple[Text, ...]:
    """Of an item of somebody else's, which may lack any field but the key, what is there."""
    label, score = str(result.get("sentiment", "?")), result.get("score")
    cut = " (read in part)" if result.get("truncated") is True else ""
    return (
        excerpt(result["id"], SHOWN_CHARS),
        painted(label, SHOWN_CHARS),
        Text(f"{score:.3f}" if isinstance(score, float) else "?"),
        excerpt(str(result.get("text", "")), SHOWN_CHARS) + cut,
    )
