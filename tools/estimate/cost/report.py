"""The tables that `make cost` prints."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from rich.table import Table

from function.memory import MEMORY_MB_PER_VCPU, THREAD_GAIN
from tools.estimate.cost import prices
from tools.estimate.cost.bill import Bill, Line
from tools.estimate.cost.compare import Way, break_even, ways
from tools.estimate.cost.measured import Engine, Measured
from tools.estimate.cost.model import bill, keeps_up, stream_usd
from tools.estimate.cost.stack import Stack
from tools.estimate.cost.tuning import SIZES_MB, Advice, Size, advice, sizes

RATES = {"1,000 a day": 1e3 / 24, "100,000 a day": 1e5 / 24, "1,000,000 a day": 1e6 / 24}  # texts an hour


@dataclass(frozen=True, kw_only=True)
class Report:
    """Everything to print and draw for one stack, rate and workload."""

    stack: Stack
    engine: Engine
    measured: Measured
    workload: str
    items_per_hour: float
    bill: Bill
    ways: list[Way]
    sizes: dict[str, list[Size]]  # by architecture
    baseline_sizes: list[Size]  # the baseline's, on the stack's architecture
    monthly: list[float]  # of the whole stack, by its memory size
    advice: Advice

    @property
    def break_even(self) -> float:
        """Texts a day below which Comprehend is cheaper than the stack."""
        return break_even(self.ways[0], self.ways[-1])


def report(stack: Stack, measured: Measured, workload: str, items_per_hour: float, free_tier: bool) -> Report:
    """
    Raises:
        MeasuredError, ValueError: the workload or the rate is not one that can be counted.
    """
    engine = measured.engine("ours" if stack.backend == "onnx" else "torch", workload)
    own = measured.sizes(workload)
    by_architecture = {name: sizes(engine, name, stack.batch_size) for name in prices.LAMBDA_DURATION}
    return Report(
        stack=stack,
        engine=engine,
        measured=measured,
        workload=workload,
        items_per_hour=items_per_hour,
        bill=bill(stack, engine, own, items_per_hour, free_tier=free_tier),
        ways=ways(stack, measured, workload, free_tier=free_tier),
        sizes=by_architecture,
        baseline_sizes=sizes(measured.engine("baseline", workload), stack.architecture, stack.batch_size),
        monthly=[
            bill(replace(stack, memory_mb=memory_mb), engine, own, items_per_hour, free_tier=free_tier).usd
            for memory_mb in SIZES_MB
        ],
        advice=advice(by_architecture[stack.architecture]),
    )


def bill_table(report: Report) -> Table:
    title = f"Stack {report.stack.name} at {report.items_per_hour:,g} texts an hour, a month"
    table = Table("service", "what", title=title)
    for column in ("quantity", "price", "USD"):
        table.add_column(column, justify="right")
    for line in report.bill.lines:
        what = f"{line.what}{' (standing)' if line.standing else ''}"
        usd = report.bill.usd_of(line)
        table.add_row(line.service, what, f"{_number(line.quantity)} {line.price.unit}", _price(line), f"{usd:,.2f}")
    table.add_section()
    table.add_row("all", "without any traffic", "", "", f"{report.bill.standing_usd:,.2f}")
    table.add_row("all", "a month", "", "", f"{report.bill.usd:,.2f}", style="bold")
    if report.bill.usage.items:
        table.add_row("all", "a million texts at this rate", "", "", f"{report.bill.per_million:,.2f}", style="bold")
    return table


def _number(quantity: float) -> str:
    return f"{quantity:,.0f}" if quantity >= 1000 else f"{quantity:.3g}"


def _price(line: Line) -> str:
    per = {1: "", 1e6: " / million"}.get(line.price.per, f" / {line.price.per:,g}")
    return f"{line.price.usd:.10f}".rstrip("0").rstrip(".") + per + ("" if line.price.checked else " *")


def comparison_table(report: Report) -> Table:
    """US dollars a month, and per million texts, at the requested rate and at three others."""
    rates = {f"{report.items_per_hour:,g} an hour": report.items_per_hour, **RATES}
    table = Table("way", title="USD a month, and (for a million texts), by traffic")
    for name in rates:
        table.add_column(name, justify="right")
    for way in report.ways:
        table.add_row(way.name, *(_both(way.monthly(rate), rate * 730) for rate in rates.values()))
    return table


def _both(usd: float, items: float) -> str:
    return f"{usd:,.2f} ({usd / items * 1e6:,.2f})" if items else f"{usd:,.2f}"


def tuning_table(report: Report) -> Table:
    """By memory size: time of a full batch, Lambda's cost alone, and the whole stack's at the requested rate."""
    table = Table(title=f"Memory sizes, full batches of {report.stack.batch_size} texts ({report.workload})")
    lambda_alone = (f"Lambda alone, {name}, USD a million" for name in report.sizes)
    for head in ("MB", "ms a batch", *lambda_alone, "the baseline", "whole stack, USD a month"):
        table.add_column(head, justify="right")
    table.add_column("")
    for monthly, baseline, *own in zip(report.monthly, report.baseline_sizes, *report.sizes.values(), strict=True):
        table.add_row(
            f"{own[0].memory_mb:,}",
            f"{own[0].batch_ms:,.0f}",
            *(f"{size.usd_per_million:.2f}" for size in own),
            f"{baseline.batch_ms:,.0f} ms, {baseline.usd_per_million:.2f}" if baseline.fits else "too small",
            f"{monthly:,.2f}",
            ", ".join(_notes(report, own[0])),
        )
    return table


def _notes(report: Report, size: Size) -> Iterator[str]:
    best = report.advice
    chosen = {"cheapest": best.cheapest, "fastest": best.fastest, "fast and cheap": best.balanced}
    yield from (name for name, each in chosen.items() if each.memory_mb == size.memory_mb)
    if size.memory_mb == report.stack.memory_mb:
        yield "this stack"
    if not size.fits:
        yield "too small"


def notes(report: Report) -> Sequence[str]:
    """Notes that a reader needs to interpret the figures."""
    used, measured = report.bill.usage, report.measured.content
    guessed = ", ".join(measured["interpolated"])
    found = [
        f"Batches: {used.batches:,.0f} a month of {used.batch_items:.1f} texts and {used.batch_ms:,.0f} ms; "
        f"{used.concurrency:.3g} in flight on average.",
        f"Times are estimates from {measured['source']} ({measured['date']}; {measured['machine']})"
        + (f"; interpolated: {guessed}" if guessed else "")
        + ". We assume that arm64 is as fast.",
        f"Below {report.break_even:,.0f} texts a day, Amazon Comprehend is cheaper than this stack.",
        f"{MEMORY_MB_PER_VCPU:,} MB bring one vCPU. We assume that each one beyond the first adds {THREAD_GAIN:.0%}.",
        f"List prices of {prices.AS_OF}, us-east-1; * from memory, not looked up.",
    ]
    if report.stack.provisioned:
        found.append("You pay for the memory of warm environments all month, so a small size saves more here.")
    if report.stack.stream:
        others = stream_usd(used, free_tier=report.bill.free_tier).items()
        found.append(
            "Lambda reads the stream free of charge; this bill leaves out your function. Instead of Lambda, "
            + " and ".join(f"{who} would add {usd:,.2f} USD" for who, usd in others)
            + "."
        )
    if not keeps_up(report.stack, used, report.measured.sizes(report.workload)):
        too_low = f"{report.stack.most_batches_is} is too low for this rate: the queue grows."
        found.append(f"[red]{too_low}[/]")
    if not report.stack.consume:
        found.append("[red]consume is false: producers send messages, but the function takes none.[/]")
    return found
