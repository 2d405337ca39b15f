"""Strict CSV: rejects a malformed row by its line, without affecting other rows."""

import re
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

MAX_ROW_CHARS = 1 << 20  # of a row with a quoted field: SQS accepts no larger message, so no text is longer
# MySQL's escapes outside quotes: https://dev.mysql.com/doc/refman/8.4/en/load-data.html
ESCAPED = {"n": "\n", "r": "\r", "t": "\t", "0": "\0", "N": ""}


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """
    Attributes:
        delimiter: between fields, one character.
        quote: around fields that contain a delimiter, a quote (then doubled) or a line break; empty for none.
        escape: before a quote, escape, delimiter or line break that is part of a text; empty for none.
            If fields may be quoted, it works only in quotes, as in Spark's files; else MySQL's letters may follow it.
    """

    delimiter: str = ","
    quote: str = '"'
    escape: str = ""


@dataclass(frozen=True, kw_only=True)
class Row:
    """
    Attributes:
        line: the line on which it begins, from 1; for a fault, the line of the fault.
        content: the row as in the file, without its last line break.
        fields: empty if it has a fault.
        fault: the reason why it cannot be read; empty if it can.
    """

    line: int
    content: str
    fields: list[str]
    fault: str = ""


class _Malformed(Exception):
    """
    Attributes:
        lines: the row's lines up to the one where the fault begins; later ones are read again.
    """

    def __init__(self, lines: int, why: str) -> None:
        super().__init__(why)
        self.lines = lines


class Rows:
    """Iterates over the rows of a file; skips empty lines."""

    def __init__(self, lines: Iterable[str], dialect: Dialect) -> None:
        """
        Args:
            lines: lines with their endings.
        """
        self._lines, self._dialect = iter(lines), dialect
        self._again: deque[str] = deque()  # lines to read again after an unclosed quote
        self._line = 0
        self._broken = 0  # the line of a fault whose row may not be finished
        self._taken: list[str] = []  # lines of the row being read
        self._escaped = {**ESCAPED, dialect.escape: dialect.escape, dialect.delimiter: dialect.delimiter}
        null = f"{re.escape(dialect.escape)}N" if dialect.quote and dialect.escape else "(?!)"
        self._null = re.compile(f"^{null}$")
        stops = (dialect.delimiter, "" if dialect.quote else dialect.escape)
        self._in_bare = re.compile("|".join(map(re.escape, filter(None, stops))))
        self._in_quotes = re.compile("|".join(map(re.escape, filter(None, (dialect.quote, dialect.escape)))) or "(?!)")

    def __iter__(self) -> Iterator[Row]:
        while (first := self._next()) is not None:
            if chomped(first).strip(" "):
                yield self._row(first)

    def _next(self) -> str | None:
        line = self._again.popleft() if self._again else next(self._lines, None)
        self._line += line is not None
        return line

    def _more(self) -> str | None:
        """The row's next line; None at the end of the file, or if the row exceeds MAX_ROW_CHARS."""
        line = self._next() if self._chars <= MAX_ROW_CHARS else None
        if line is not None:
            self._taken.append(line)
            self._chars += len(line)
        return line

    def _row(self, first: str) -> Row:
        begin, self._taken, self._chars = self._line, [first], len(first)
        try:
            fields = self._fields(first)
            self._refuse_what_goes_on(fields)
        except _Malformed as malformed:
            self._again.extendleft(reversed(self._taken[malformed.lines :]))
            self._line -= len(self._taken) - malformed.lines
            content = chomped("".join(self._taken[: malformed.lines]))
            return Row(line=self._line, content=content, fields=[], fault=str(malformed))
        return Row(line=begin, content=chomped("".join(self._taken)), fields=fields)

    def _fields(self, line: str) -> list[str]:
        fields: list[str] = []
        place = 0
        while True:
            quoted = self._dialect.quote and line.startswith(self._dialect.quote, place)
            field, line, place = (self._quoted if quoted else self._bare)(line, place)
            fields.append(field)
            if place == len(chomped(line)):
                return fields
            place += len(self._dialect.delimiter)

    def _bare(self, line: str, place: int) -> tuple[str, str, int]:
        """A field without quotes, and the line and position where it ends."""
        parts: list[str] = []
        while True:
            end = len(chomped(line))
            found = self._in_bare.search(line, place, end)
            parts.append(line[place : found.start() if found else end])
            if not found or found[0] == self._dialect.delimiter:
                self._refuse_remains(parts)
                return self._null.sub("", "".join(parts)), line, found.start() if found else end
            place = found.end()
            if place < end:
                parts.append(self._escaped.get(line[place], found[0] + line[place]))
                place += 1
            else:
                line, place = self._after_escaped_end(parts, line[end:]), 0

    def _quoted(self, line: str, place: int) -> tuple[str, str, int]:
        """A field in quotes, and the line and position where it ends."""
        quote, escape, delimiter = self._dialect.quote, self._dialect.escape, self._dialect.delimiter
        opens, parts = f"the quote at character {place + 1}", [""]
        opened = len(self._taken)
        place += 1
        while True:
            end = len(chomped(line))
            found = self._in_quotes.search(line, place)
            if not found:
                parts.append(line[place:])
                if (more := self._more()) is None:
                    where = f"within {MAX_ROW_CHARS} characters" if self._chars > MAX_ROW_CHARS else "in the file"
                    raise _Malformed(opened, f'{opens} is never closed {where}; --quote "" is for files without quotes')
                line, place = more, 0
                continue
            parts.append(line[place : found.start()])
            place = found.end()
            if found[0] == escape:
                if place == end:
                    line, place = self._after_escaped_end(parts, line[end:]), 0
                elif line[place] in (quote, escape, delimiter):
                    parts.append(line[place])
                    place += 1
                else:
                    parts.append(escape)
            elif line.startswith(quote, place):
                parts.append(quote)
                place += 1
            elif place == end or line.startswith(delimiter, place):
                return "".join(parts), line, place
            else:
                there = f"is closed on line {self._line}, where {line[place]!r} follows"
                escaped = parts[-1].endswith("\\")
                way_out = "--escape '\\' reads such files" if escaped else "double a quote within quotes"
                self._broken = self._line - len(self._taken) + opened
                raise _Malformed(opened, f"{opens} {there}; {way_out}")

    def _after_escaped_end(self, parts: list[str], end: str) -> str:
        parts.append(end)
        if (more := self._more()) is None:
            raise _Malformed(len(self._taken), "the escape at its end is followed by nothing")
        return more

    def _refuse_remains(self, parts: list[str]) -> None:
        """After a fault, an apparent row may be the end of the broken one; then it contains a leftover quote."""
        if self._broken and self._dialect.quote and "".join(parts).count(self._dialect.quote) % 2:
            broken, self._broken = self._broken, 0
            raise _Malformed(len(self._taken), f"a quote is left over: is it the end of the row on line {broken}?")

    def _refuse_what_goes_on(self, fields: list[str]) -> None:
        """In MySQL's exports, a row that ends in a backslash continues on the next line, which is no complete row."""
        read = self._dialect.escape and not self._dialect.quote
        if read or (len(fields[-1]) - len(fields[-1].rstrip("\\"))) % 2 == 0 or (following := self._next()) is None:
            return
        self._again.appendleft(following)
        self._line -= 1
        if following.count(self._dialect.delimiter) + 1 < len(fields):
            why = "its line break is escaped, and the next line is not a row"
            raise _Malformed(len(self._taken), f"{why}; --quote \"\" --escape '\\' joins them")


def chomped(line: str) -> str:
    """A line without its line break."""
    return line.removesuffix("\n").removesuffix("\r")
