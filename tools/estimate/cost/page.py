"""The blocks that `make cost-picture UPDATE_DOCS=1` writes into docs/cost.md and README."""

from tools import pages
from tools.estimate.cost import prices
from tools.estimate.cost.report import Report, bill_table, comparison_table, notes, tuning_table


def blocks(report: Report) -> dict[str, str]:
    times = report.measured.content["date"]
    tables = [pages.markdown(table(report)) for table in (bill_table, comparison_table, tuning_table)]
    return {
        "cost": "\n\n".join([*tables, "\n".join(f"- {pages.plain(note)}" for note in notes(report))]),
        "cost-figure": f"the stack `{report.stack.name}` costs {report.bill.usd:,.2f} USD a month at "
        f"{report.items_per_hour:,g} texts an hour (prices of {prices.AS_OF}, times of {times})",
    }
