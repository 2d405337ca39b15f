"""An engine and sizes with round figures, so that the sums can be calculated by hand."""

from tools.estimate.cost.bill import Bill
from tools.estimate.cost.measured import Engine, Sizes

ENGINE = Engine(call_ms=10, item_ms=4, cold_start_s=1, peak_mb=300, image_gb=0.5)
SIZES = Sizes(characters=100, batch_line=300, metrics_line=400, stored_item=250)


def lines(bill: Bill) -> dict[str, float]:
    """US dollars by service and purpose."""
    return {f"{line.service} {line.what}": bill.usd_of(line) for line in bill.lines}
