"""Writes the report as one self-contained HTML file."""

import io
from base64 import b64encode
from pathlib import Path
from string import Template

from rich.console import Console

from tools.load.report import Report, table, verdict

PAGE = Template("""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Load test, $date</title>
<style>body { font: 15px sans-serif; margin: 2em auto; max-width: 85em } img { max-width: 100% }
pre { font: 13px/1.35 monospace; overflow-x: auto }</style>
<h1>Load test, $date</h1>
$tables
<img alt="Latency, rates, backlog and processes over time" src="data:image/png;base64,$picture">
</html>
""")
WIDTH = 130


def write(report: Report, picture: Path, file: Path) -> None:
    """Write the page, with `picture` in it."""
    console = Console(record=True, file=io.StringIO(), width=WIDTH, highlight=False)
    console.print(table(report))
    console.print(verdict(report))
    tables = console.export_html(inline_styles=True, code_format="<pre>{code}</pre>")
    content = PAGE.substitute(date=report.date, tables=tables, picture=b64encode(picture.read_bytes()).decode())
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(content, encoding="utf-8")
