"""Measures int8 against fp32 on a real encoder: on held-out texts, and whether the gate tells sound from broken."""

from rich.table import Table

from sentiment.cli import new_app, run
from sentiment.screen import answers
from tools import pages
from tools.models.fidelity import gate, held_out
from tools.models.fidelity.source import LABELS, trained


def fidelity() -> None:
    """Compare int8 with fp32 on texts that people rated, with two labels and with three (about half an hour).

    It trains a six-layer MiniLM for each (once: build/fidelity keeps them).
    """
    sources = {labels: trained(labels) for labels in LABELS}
    tables = {f"fidelity-{name}-labels": held_out.table(sources[labels]) for labels, name in LABELS.items()}
    tables["fidelity-gate"] = gate.table(sources.values())
    for table in tables.values():
        answers.print(table)
    if pages.updating():
        pages.write({name: _block(table) for name, table in tables.items()})


def _block(table: Table) -> str:
    return f"{pages.measured_here()}.\n\n{pages.markdown(table)}"


def main() -> int:
    app = new_app()
    app.command()(fidelity)
    return run(app, "python -m tools.models.fidelity")
