"""Formats the figures of a run for a terminal and for the pages."""

from collections.abc import Iterator, Mapping
from typing import Any

from rich.console import Console
from rich.table import Table

from tools import pages

TITLES = {
    "single_16": "1 of 16 tokens",
    "single_32": "1 of 32",
    "single_128": "1 of 128",
    "single_512": "1 of 512",
    "ten_16": "10 of 16",
    "ten_64": "10 of 64",
    "ten_mixed": "10 short reviews",
    "ten_long_tail": "10 with long tail",
}
PEERS = {"openvino": "OpenVINO", "ort_dynamic": "ONNX Runtime, dynamic"}
WIDTH = 140  # of a terminal that shows the tables without breaking words
HEADINGS = (
    *("ms a call", "baseline", "torch, batched", "ours", "limit", "baseline / ours", "ours / limit"),
    *("ours, p95", "ours, a text", "texts/s"),
)


def show(found: Mapping[str, Any], console: Console) -> None:
    for table in _tables(found):
        console.print(table)
    console.print(_steps(found))


def blocks(found: Mapping[str, Any]) -> dict[str, str]:
    """The blocks for docs/performance.md and README."""
    short = found["workloads"]["ten_mixed"]
    return {
        "bench": "\n\n".join(
            [
                f"{found['date']}, {found['machine']}. Medians.",
                *(pages.markdown(table) for table in _tables(found)),
                _steps(found),
            ]
        ),
        "bench-figure": f"on one core, ten short reviews take {_short(short['ours_ms'])} ms "
        f"({short['baseline_over_ours']:.1f} times less than a transformers pipeline), "
        f"and a cold start takes {_short(found['cold_start_s']['ours'])} s ({found['date']})",
    }


def _tables(found: Mapping[str, Any]) -> Iterator[Table]:
    for title, part in _parts(found):
        table = Table(title=title, title_justify="left")
        for heading in HEADINGS:
            table.add_column(heading, justify="left" if heading == HEADINGS[0] else "right")
        for row in [*_times(part), *_starts(part)]:
            table.add_row(*row)
        yield table
    if "peers" in found:
        yield _peers(found)


def _peers(found: Mapping[str, Any]) -> Table:
    """Peers beside ours: the better of padded and one by one for each int8 peer, and torch's fp32, padded."""
    title = "Peers, one core: int8, the better of padded and one by one; torch in fp32, padded"
    table = Table(title=title, title_justify="left")
    others = [*PEERS.values(), "torch"]
    for heading in ("ms a call", "ours", *others, *(f"{other} / ours" for other in others)):
        table.add_column(heading, justify="left" if heading == "ms a call" else "right")
    for name, figures in found["workloads"].items():
        best = [figures[f"{peer}_best_ms"] for peer in PEERS]
        times = [figures["ours_ms"], *best, figures["torch_batched_ms"]]
        ratios = [*(figures[f"{peer}_over_ours"] for peer in PEERS), figures["torch_batched_ms"] / figures["ours_ms"]]
        table.add_row(TITLES[name], *map(_short, times), *(f"{ratio:.2f}" for ratio in ratios))
    for title, key, unit in (("load, first answer", "load_s", "s"), ("peak memory", "peak_rss_mb", "MB")):
        cells = (f"{_short(found['peers'][name][key])} {unit}" for name in ("ours", *PEERS))
        table.add_row(title, *cells, *[""] * 4)
    return table


def _steps(found: Mapping[str, Any]) -> str:
    steps = ", ".join(f"{name} {seconds:.3f}" for name, seconds in found["steps_s"].items())
    return f"Steps of our cold start, each measured by itself, s: {steps}."


def _parts(found: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    yield "One core", found
    for memory_mb, part in found.get("at_memory_mb", {}).items():
        yield f"{part['share']:.2f} of that core, as a function of {memory_mb} MB has", part


def _times(part: Mapping[str, Any]) -> Iterator[list[str]]:
    for name, figures in part["workloads"].items():
        times = [_short(figures[f"{engine}_ms"]) for engine in ("baseline", "torch_batched", "ours", "limit")]
        ratios = [f"{figures['baseline_over_ours']:.1f}", f"{figures['ours_over_limit']:.2f}"]
        ours = [_short(figures["ours_p95_ms"]), _short(figures["ours_item_ms"]), f"{figures['ours_items_per_s']:.0f}"]
        yield [TITLES[name], *times, *ratios, *ours]


def _starts(part: Mapping[str, Any]) -> Iterator[list[str]]:
    for title, key, unit in (("cold start", "cold_start_s", "s"), ("peak memory", "peak_rss_mb", "MB")):
        baseline, ours = part[key]["baseline"], part[key]["ours"]
        cells = [f"{_short(baseline)} {unit}", "", f"{_short(ours)} {unit}", "", f"{baseline / ours:.1f}"]
        yield [title, *cells, *[""] * 4]


def _short(value: float) -> str:
    """The value with at least three digits."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
