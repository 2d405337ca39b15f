"""CSV by the letter: a row that is not well formed is refused by its line, and takes no other row with it."""

import re
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

MAX_ROW_CHARS = 1 << 20  # of a row with a quoted field: SQS takes no larger message, so no text is longer
# What MySQL writes outside quotes: https://dev.mysql.com/doc/refman/8.4/en/load-data.html
ESCAPED = {"n": "\n", "r": "\r", "t": "\t", "0": "\0", "N": ""}


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """
    Attributes:
        delimiter: between fields, one character.
        quote: around fields that hold a delimiter, a quote (then written twice) or the end of a line; empty for none.
        escape: before a quote, an escape, a delimiter or the end of a line that is part of a text; empty for none.
            Where fields may be quoted, it is one in quotes only, as Spark writes it; else MySQL's letters may follow.
    """

    delimiter: str = ","
    quote: str = '"'
    escape: str = ""


@dataclass(frozen=True, kw_only=True)
class Row:
    """
    Attributes:
        line: where it begins, from 1; of a fault, where that is.
        content: as it stands in the file, without the end of its last line.
        fields: empty if it has a fault.
        fault: why it cannot be read; empty if it can.
    """

    line: int
    content: str
    fields: list[str]
    fault: str = ""


class _Malformed(Exception):
    """
    Attributes:
        lines: of the row, up to the one where the fault begins; those after it are read again.
    """

    def __init__(self, lines: int, why: str) -> None:
        super().__init__(why)
        self.lines = lines


class Rows:
    """The rows of a file, one by one; empty lines are none."""

    def __init__(self, lines: Iterable[str], dialect: Dialect) -> None:
        """
        Args:
            lines: with their ends.
        """
        self._lines, self._dialect = iter(lines), dialect
        self._again: deque[str] = deque()  # lines that a quote without end had taken
        self._line = 0
        self._broken = 0  # the line of a fault whose row may not be over
        self._taken: list[str] = []  # lines of the row that is being read
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
        """The row's next line; None at the end of the file, or where the row is longer than any can be."""
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
        """A field without quotes, the line that it ends on, and where."""
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
        """A field in quotes, the line that it ends on, and where."""
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
                    raise _Malformed(
                        opened, f'{opens} is closed nowhere {where}; --quote "" is for files without quotes'
                    )
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
                way_out = "--escape '\\' reads such files" if escaped else "a quote in quotes is written twice"
                self._broken = self._line - len(self._taken) + opened
                raise _Malformed(opened, f"{opens} {there}; {way_out}")

    def _after_escaped_end(self, parts: list[str], end: str) -> str:
        parts.append(end)
        if (more := self._more()) is None:
            raise _Malformed(len(self._taken), "the escape at its end is followed by nothing")
        return more

    def _refuse_remains(self, parts: list[str]) -> None:
        """After a fault, what looks like a row may be the end of the broken one: then a quote is left over in it."""
        if self._broken and self._dialect.quote and "".join(parts).count(self._dialect.quote) % 2:
            broken, self._broken = self._broken, 0
            raise _Malformed(len(self._taken), f"a quote is left over: is it the end of the row on line {broken}?")

    def _refuse_what_goes_on(self, fields: list[str]) -> None:
        """A backslash at the end of a line goes on, in MySQL's exports, on the next, which then is no whole row."""
        read = self._dialect.escape and not self._dialect.quote
        if read or (len(fields[-1]) - len(fields[-1].rstrip("\\"))) % 2 == 0 or (following := self._next()) is None:
            return
        self._again.appendleft(following)
        self._line -= 1
        if following.count(self._dialect.delimiter) + 1 < len(fields):
            why = "its end is escaped, and the next line no row"
            raise _Malformed(len(self._taken), f"{why}; --quote \"\" --escape '\\' joins them")


def chomped(line: str) -> str:
    """A line without its end."""
    return line.removesuffix("\n").removesuffix("\r")
