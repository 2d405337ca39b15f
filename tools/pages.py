"""Writes figures into README and docs/, between markers, if UPDATE_DOCS is set.

A block is the text between `<!-- NAME:begin -->` and `<!-- NAME:end -->`, on lines of its own or within one line.
"""

import os
import platform
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from rich.table import Table
from rich.text import Text

from tools.local.program import ROOT

DOCS = ROOT / "docs"
BLOCK = re.compile(r"<!-- (?P<name>[a-z-]+):begin -->(?P<space>\s*)(?P<text>.*?)\s*<!-- (?P=name):end -->", re.DOTALL)


def updating() -> bool:
    return bool(os.environ.get("UPDATE_DOCS"))


def pages() -> list[Path]:
    return [ROOT / "README.md", *sorted(DOCS.glob("*.md"))]


def blocks(files: Iterable[Path] | None = None) -> dict[str, str]:
    """The text of every block, by name."""
    found = [match for file in files or pages() for match in BLOCK.finditer(file.read_text())]
    return {match["name"]: match["text"] for match in found}


def write(texts: Mapping[str, str], files: Sequence[Path] | None = None) -> list[Path]:
    """Put each text into the block of its name.

    Returns:
        The files that hold these blocks.
    Raises:
        KeyError: no file holds such a block.
    """
    files = files or pages()
    if missing := texts.keys() - blocks(files).keys():
        raise KeyError(f"no page has a block {', '.join(sorted(missing))}")
    written = []
    for file in files:
        if texts.keys() & blocks([file]).keys():
            file.write_text(BLOCK.sub(lambda old: _block(old, texts.get(old["name"], old["text"])), file.read_text()))
            written.append(file)
    return written


def _block(old: re.Match[str], text: str) -> str:
    return f"<!-- {old['name']}:begin -->{old['space']}{text}{old['space']}<!-- {old['name']}:end -->"


def markdown(table: Table) -> str:
    """The table as Markdown, its title in bold above it; without its styles."""
    columns = [
        [plain(column.header), "---:" if column.justify == "right" else "---", *map(plain, column.cells)]
        for column in table.columns
    ]
    title = [f"**{plain(table.title)}**", ""] if table.title else []
    return "\n".join([*title, *(f"| {' | '.join(row)} |" for row in zip(*columns, strict=True))])


def plain(cell: object) -> str:
    """A cell or a note as Markdown, without its styles."""
    return re.sub(r"([|*])", r"\\\1", Text.from_markup(str(cell)).plain.replace("\n", " "))


def measured_here() -> str:
    """The date and the machine, for the line above the figures."""
    model = cpu("model name") or platform.machine()
    return f"{datetime.now(UTC).date().isoformat()}, {os.cpu_count()} cores of {model}"


def cpu(field: str) -> str:
    """A field of the first core in /proc/cpuinfo; empty if there is none."""
    file = Path("/proc/cpuinfo")
    lines = file.read_text().splitlines() if file.exists() else []
    return next((line.partition(": ")[2] for line in lines if line.startswith(field)), "")
