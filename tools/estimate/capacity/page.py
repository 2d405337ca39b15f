"""The blocks that `make capacity UPDATE_DOCS=1` writes into docs/cost.md."""

from tools import pages
from tools.estimate.capacity.report import needs_table, notes, rates_table, ways_table
from tools.estimate.capacity.study import Study


def blocks(study: Study) -> dict[str, str]:
    tables = [pages.markdown(table(study)) for table in (ways_table, needs_table, rates_table)]
    told = [
        f"- {pages.plain(note)}" for note in notes(study) if not note.startswith(" ")
    ]  # without each quota's source
    return {"capacity": "\n\n".join([*tables, "\n".join(told)])}
