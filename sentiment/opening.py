"""Opens text files; detects compression, encoding and line endings from their beginning."""

import bz2
import codecs
import gzip
import io
import lzma
import sys
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sentiment.errors import CommandError
from sentiment.screen import notes

STDIN = Path("-")
HEAD_BYTES = 1 << 16  # examined before a file is read
UNREADABLE = "unreadable-bytes"  # an error handler: turns each invalid byte into a lone surrogate
COMPRESSED: dict[bytes, Callable[[Any], Any]] = {b"\x1f\x8b": gzip.open, b"BZh": bz2.open, b"\xfd7zXZ\x00": lzma.open}
COMPRESSED_SUFFIXES = (".gz", ".bz2", ".xz")
SAVE_AS_CSV = 'save the sheet as "CSV UTF-8" and send that file'
NO_TEXT = {
    b"PK\x03\x04": f"an Excel or LibreOffice workbook, or another zip file: {SAVE_AS_CSV}, or unzip it",
    b"\xd0\xcf\x11\xe0": f"an old Excel workbook: {SAVE_AS_CSV}",
    b"PAR1": "a Parquet file: write it as CSV or JSON lines and send that",
    b"\x28\xb5\x2f\xfd": "compressed by zstd: decompress it and send that",
}
MARKS = {  # longest first: UTF-32's begins with UTF-16's
    codecs.BOM_UTF32_LE: "utf-32-le",
    codecs.BOM_UTF32_BE: "utf-32-be",
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}
ZEROS_IN_UTF_8, ZEROS_ELSE = 0.1, 0.005  # shares of zero bytes above which a file counts as UTF-16 or UTF-32


@contextmanager
def opened(path: Path, encoding: str | None = None) -> Iterator[io.TextIOWrapper]:
    """A file or standard input as text, its lines with their endings.

    Args:
        encoding: any that Python knows; None uses the byte-order mark, or else UTF-8.

    Raises:
        CommandError: it is not text, is damaged, or is UTF-16 without a byte-order mark.
        OSError: it cannot be read.
    """
    name = "standard input" if path == STDIN else str(path)
    source = sys.stdin.fileno() if path == STDIN else name
    with io.BufferedReader(io.FileIO(source, closefd=path != STDIN), HEAD_BYTES) as raw:
        try:
            binary: Any = raw
            if unpack := _unpacker(raw.peek()):  # peek, because a pipe may have nothing more to read for hours
                binary = io.BufferedReader(unpack(raw), HEAD_BYTES)
            head = binary.peek()
            found = _encoding(name, head, encoding)
            text = head.decode(found, "replace")
            ends_in_cr = text.count("\r") - text.count("\r\n") > text.count("\n")  # as in Excel's "CSV (Macintosh)"
            file = io.TextIOWrapper(binary, found, UNREADABLE, newline="" if ends_in_cr else "\n")
            if text.startswith("\ufeff"):
                file.read(1)
            yield file
        except (EOFError, gzip.BadGzipFile, lzma.LZMAError, zlib.error) as error:
            raise CommandError(f"{name}: is damaged: {error}") from error


def count_lines(path: Path) -> int | None:
    """The number of lines for the progress bar; None if it cannot be known beforehand."""
    if not path.is_file():
        return None
    with path.open("rb") as file:
        if _unpacker(file.peek()):
            return None
        return sum(block.count(b"\n") for block in iter(lambda: file.read(1 << 20), b"")) or None


def _unpacker(head: bytes) -> Callable[[Any], Any] | None:
    return next((unpack for magic, unpack in COMPRESSED.items() if head.startswith(magic)), None)


def _encoding(name: str, head: bytes, given: str | None) -> str:
    if given:
        return _known(given)
    if what := next((what for magic, what in NO_TEXT.items() if head.startswith(magic)), None):
        raise CommandError(f"{name}: is {what}")
    if marked := next((encoding for mark, encoding in MARKS.items() if head.startswith(mark)), None):
        if marked != "utf-8":
            notes.print(f"{name} is read as {marked}, by its byte-order mark; --encoding changes it.", markup=False)
        return marked
    if likely := _wide(head):
        raise CommandError(f"{name}: looks like {likely} without a byte-order mark; --encoding {likely} reads it")
    return "utf-8"


def _known(name: str) -> str:
    try:
        b" ".decode(name, "replace")  # codecs that are not text encodings, such as zip, raise LookupError too
        return codecs.lookup(name).name
    except (LookupError, ValueError):
        raise CommandError(
            f"--encoding: {name!r} is unknown; must be a Python encoding such as utf-8, utf-16, cp1252"
        ) from None


def _wide(head: bytes) -> str | None:
    """UTF-16 or UTF-32, judged by the zero bytes: every other byte in Latin text, some bytes in any other."""
    zeros = [head[place::4].count(0) for place in range(4)]
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
        least = ZEROS_IN_UTF_8
    except UnicodeDecodeError:
        least = ZEROS_ELSE
    if sum(zeros) <= len(head) * least:
        return None
    many = len(head) / 8  # half of all positions
    if min(zeros[2:]) > many or min(zeros[:2]) > many:
        return "utf-32-le" if zeros[3] > zeros[0] else "utf-32-be"
    return "utf-16-le" if zeros[1] + zeros[3] > zeros[0] + zeros[2] else "utf-16-be"


def _lone_surrogates(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return "".join(chr(0xDC00 + byte) for byte in error.object[error.start : error.end]), error.end


codecs.register_error(UNREADABLE, _lone_surrogates)
