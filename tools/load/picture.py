"""Draws a run in four panels over time."""

from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tools.load.report import Report
from tools.load.samples import OTHERS, usage

COLOURS = ("#1a66b3", "#2a9d8f", "#e2a379", "#c8553d")


def draw(report: Report, file: Path) -> None:
    """Write a PNG."""
    figure = Figure(figsize=(14, 7.5), layout="constrained")
    (latency, rates), (backlog, machine) = figure.subplots(2, 2, sharex=True)
    figure.suptitle(f"{report.title}\n{report.where}, {report.date}", fontsize=10)
    _latency(report, latency)
    _rates(report, rates)
    _backlog(report, backlog)
    _machine(report, machine)
    for axes in (latency, rates, backlog, machine):
        axes.grid(alpha=0.3)
        axes.set_xlim(0, report.series.second[-1])
    for axes in (backlog, machine):
        axes.set_xlabel("seconds since the start")
    file.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(file, dpi=100)


def _latency(report: Report, axes: Axes) -> None:
    for (name, values), colour in zip(report.series.percentiles_ms.items(), COLOURS, strict=True):
        whole = report.figures.latency_ms[name]
        axes.plot(report.series.second, values, color=colour, linewidth=1, label=f"{name}, {whole:,.0f} ms overall")
    axes.set(title="Latency, from due to stored", ylabel="ms (log scale)", yscale="log")
    axes.legend(fontsize=8)


def _rates(report: Report, axes: Axes) -> None:
    axes.plot(report.series.second, report.series.due, color="#999999", label="due")
    axes.plot(report.series.second, report.series.stored, color=COLOURS[0], linewidth=1, label="stored")
    axes.set(title="Texts per second", ylim=(0, None))
    axes.legend(fontsize=8)


def _backlog(report: Report, axes: Axes) -> None:
    axes.plot(report.series.second, report.series.depth, color=COLOURS[0], linewidth=1, label="due, not yet stored")
    seconds = [sample.at - report.started_at for sample in report.samples]
    waiting, in_flight = ([getattr(sample, name) for sample in report.samples] for name in ("waiting", "in_flight"))
    axes.plot(seconds, waiting, color="#999999", linewidth=1, linestyle=":", label="waiting, as SQS counts them")
    axes.plot(seconds, in_flight, color=COLOURS[1], linewidth=1, linestyle=":", label="in flight, as SQS counts them")
    axes.set_title("The queue")
    axes.legend(fontsize=8, loc="upper left")
    axes.set_ylabel("texts", color=COLOURS[0])
    axes.set_ylim(bottom=0)
    age = axes.twinx()
    age.plot(report.series.second, report.series.oldest_s, color=COLOURS[3], linewidth=1)
    age.set_ylabel("age of the oldest text, s", color=COLOURS[3])
    age.set_ylim(bottom=0)


def _machine(report: Report, axes: Axes) -> None:
    if not report.figures.cores:
        axes.set_title("The function runs elsewhere")
        return
    memory = axes.twinx()
    used = usage(report.samples, report.started_at)
    seconds = [second for second, _, _ in used]
    others = [cores[OTHERS] for _, cores, _ in used]
    axes.plot(seconds, others, color="#cccccc", linewidth=1, label=OTHERS)
    for name, colour in zip(report.figures.peak_mb, COLOURS, strict=False):
        axes.plot(seconds, [cores[name] for _, cores, _ in used], color=colour, linewidth=1, label=name)
        memory.plot(seconds, [mb[name] for _, _, mb in used], color=colour, linewidth=1, linestyle=":")
    axes.set(title="Processes on this machine", ylabel="cores (solid)", ylim=(0, None))
    memory.set(ylabel="MB (dotted)", ylim=(0, None))
    axes.legend(fontsize=8)
