"""Writes results as a table, JSON lines or CSV, as they arrive."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from sentiment.json_line import json_line
from sentiment.labels import painted
from sentiment.result import Result
from sentiment.screen import as_data, excerpt
from sentiment.spreadsheet import protected
from sentiment.summary import Summary

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
        format: output format; a table and a summary end with the totals.
        fields: the results' attributes, in the order of the CSV columns.
        console: where to write.
        live: write a table's rows as they arrive, not at the end.
    """

    format: Format
    fields: Sequence[str]
    console: Console
    live: bool = False
    summary: Summary = field(default_factory=Summary)
    _rows: list[Result] = field(default_factory=list)

    def begin(self) -> None:
        if self.format in (Format.JSONL, Format.CSV):
            as_data()
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
        # Quote all strings: not every Python's csv module quotes one with a lone carriage return.
        return csv.DictWriter(self.console.file, self.fields, lineterminator="\n", quoting=csv.QUOTE_NONNUMERIC)


def _cells(result: Result) -> tuple[Text, ...]:
    """The cells of a row; an item that another program wrote may lack any field but the key."""
    label, score = str(result.get("sentiment", "?")), result.get("score")
    cut = " (truncated)" if result.get("truncated") is True else ""
    return (
        excerpt(result["id"], SHOWN_CHARS),
        painted(label, SHOWN_CHARS),
        Text(f"{score:.3f}" if isinstance(score, float) else "?"),
        excerpt(str(result.get("text", "")), SHOWN_CHARS) + cut,
    )
