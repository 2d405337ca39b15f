"""The figures of a run, for a terminal and for the README."""

from collections.abc import Iterator, Mapping
from typing import Any

from rich.console import Console
from rich.table import Table

TITLES = {
    "single_16": "one text of 16 tokens",
    "single_32": "one of 32",
    "single_128": "one of 128",
    "single_512": "one of 512",
    "ten_16": "ten of 16",
    "ten_64": "ten of 64",
    "ten_mixed": "ten like short reviews",
    "ten_long_tail": "ten with a long tail",
}
HEADINGS = ("", "guide", "torch, batched", "ours", "limit", "guide / ours", "ours / limit")


def show(found: Mapping[str, Any], console: Console) -> None:
    for title, part in _parts(found):
        table = Table(title=title, title_justify="left")
        for heading in HEADINGS:
            table.add_column(heading, justify="right" if heading else "left")
        for row in [*_times(part), *_starts(part)]:
            table.add_row(*row)
        console.print(table)
    steps = ", ".join(f"{name} {seconds:.3f}" for name, seconds in found["steps_s"].items())
    console.print(f"Our cold start, each step by itself, s: {steps}")


def markdown(found: Mapping[str, Any]) -> str:
    """Tables for the README; what the figures are of stands above them."""
    lines = [f"{found['date']}, {found['machine']}. Milliseconds for a call, medians.", ""]
    for title, part in _parts(found):
        lines += [f"**{title}**", "", "| " + " | ".join(HEADINGS) + " |", "|---" * len(HEADINGS) + "|"]
        lines += ["| " + " | ".join(row) + " |" for row in [*_times(part), *_starts(part)]]
        lines.append("")
    return "\n".join(lines)


def _parts(found: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    yield "One core", found
    for memory_mb, part in found.get("at_memory_mb", {}).items():
        yield f"{part['share']:.2f} of that core, as a function of {memory_mb} MB has", part


def _times(part: Mapping[str, Any]) -> Iterator[list[str]]:
    for name, of in part["workloads"].items():
        times = [f"{of[f'{engine}_ms']:.3g} ms" for engine in ("guide", "torch_batched", "ours", "limit")]
        yield [TITLES[name], *times, f"{of['guide_over_ours']:.1f}", f"{of['ours_over_limit']:.2f}"]


def _starts(part: Mapping[str, Any]) -> Iterator[list[str]]:
    for title, key, unit in (("cold start", "cold_start_s", "s"), ("peak memory", "peak_rss_mb", "MB")):
        guide, ours = part[key]["guide"], part[key]["ours"]
        yield [title, f"{guide:.3g} {unit}", "", f"{ours:.3g} {unit}", "", f"{guide / ours:.1f}", ""]
