"""Reads labelled texts strictly from a CSV file: reports each row without a text or a label, and skips nothing."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from sentiment.errors import CommandError
from sentiment.opening import opened
from sentiment.rows import Dialect, Row, Rows

SHOWN = 5  # faults, in an error


@dataclass(frozen=True, slots=True)
class Labelled:
    """`line` is where its row begins in the file, from 1; the label is the column's value, without outer spaces."""

    line: int
    text: str
    label: str

    @property
    def key(self) -> str:
        """Equal for texts that differ only in case and spaces."""
        return " ".join(self.text.lower().split())


def read(path: Path, *, text_column: str = "text", label_column: str = "label", delimiter: str = ",") -> list[Labelled]:
    """All rows of a CSV file; CommandError if it lacks a column, or has rows that cannot be used (it lists them)."""
    with opened(path) as file:
        rows = iter(Rows(file, Dialect(delimiter=delimiter)))
        header = next(rows, None)
        if header is None:
            raise CommandError(f"{path}: the file is empty; its first line must name the columns")
        if header.fault:
            raise CommandError(f"{path}, line {header.line}: {header.fault}")
        text, label = (
            _place(path, header.fields, option, column)
            for option, column in (("--text-column", text_column), ("--label-column", label_column))
        )
        found: list[Labelled] = []
        faults: list[str] = []
        for row in rows:
            if fault := _fault(row, header.fields, text, label):
                faults.append(f"line {row.line}: {fault}")
            else:
                found.append(Labelled(row.line, row.fields[text], row.fields[label].strip()))
    if faults:
        more = f"; and {len(faults) - SHOWN} more" if len(faults) > SHOWN else ""
        raise CommandError(f"{path} has {len(faults)} rows that cannot be used: {'; '.join(faults[:SHOWN])}{more}")
    if not found:
        raise CommandError(f"{path}: no text under the header")
    return found


def _place(path: Path, header: list[str], option: str, column: str) -> int:
    if header.count(column) != 1:
        times = "several columns" if column in header else "no column"
        raise CommandError(f"{path}: {option}: {column!r} names {times}; the header has {', '.join(map(repr, header))}")
    return header.index(column)


def _fault(row: Row, header: list[str], text: int, label: int) -> str:
    if row.fault:
        return row.fault
    if len(row.fields) != len(header):
        return f"{len(row.fields)} fields, but the header has {len(header)}"
    for name, place in (("text", text), ("label", label)):
        if not row.fields[place].strip():
            return f"the {name} is empty"
    return ""


def split(texts: Sequence[Labelled], share: float) -> tuple[list[Labelled], list[Labelled]]:
    """The texts to train on and those to hold out; independent of the rows' order, with equal texts on one side."""
    held = [int(hashlib.sha256(text.key.encode()).hexdigest()[:8], 16) / 2**32 < share for text in texts]
    sides = [[text for text, out in zip(texts, held, strict=True) if out is side] for side in (False, True)]
    return sides[0], sides[1]


def without(texts: Iterable[Labelled], others: Iterable[Labelled]) -> list[Labelled]:
    """The texts that are not among the others."""
    taken = {other.key for other in others}
    return [text for text in texts if text.key not in taken]


def counts(texts: Iterable[Labelled]) -> dict[str, int]:
    """Label -> number of texts, in the order of the labels' names."""
    return dict(sorted(Counter(text.label for text in texts).items()))
