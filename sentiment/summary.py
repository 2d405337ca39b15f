"""Summarises results: the share of each label, and the model's confidence."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from sentiment.labels import style_of
from sentiment.result import Result
from sentiment.words import counted

BINS = 20  # of the scores, 0 to 1
BAR_CHARS = 40


@dataclass
class Summary:
    """
    Attributes:
        labels: number of results per label.
        scores: number of results per label and score bin.
        truncated: number of texts of which the model read only the beginning.
        incomplete: number of items without sentiment or score, which another program wrote.
    """

    labels: Counter[str] = field(default_factory=Counter)
    scores: Counter[tuple[str, int]] = field(default_factory=Counter)
    truncated: int = 0
    incomplete: int = 0

    @property
    def total(self) -> int:
        return self.labels.total() + self.incomplete

    def add(self, results: Iterable[Result]) -> None:
        for result in results:
            label, score = result.get("sentiment"), result.get("score")
            if not (isinstance(label, str) and isinstance(score, float)):
                self.incomplete += 1
                continue
            self.labels[label] += 1
            self.scores[label, min(int(score * BINS), BINS - 1)] += 1
            self.truncated += result.get("truncated") is True

    def render(self) -> RenderableType:
        total = self.labels.total()
        lacking = f"{counted(self.incomplete, 'item')} without sentiment or score" if self.incomplete else ""
        if not total:
            return f"No results; {lacking}" if lacking else "No results."
        labels = sorted(self.labels, reverse=True)  # POSITIVE first
        shares = ", ".join(f"{self.labels[label]} {label} ({self.labels[label] / total:.1%})" for label in labels)
        cut = f"; {self.truncated} truncated" if self.truncated else ""
        bins = range(min(slot for _, slot in self.scores), BINS)
        largest = max(sum(self.scores[label, slot] for label in labels) for slot in bins)
        table = Table.grid(padding=(0, 1))
        for slot in bins:
            counts = {label: self.scores[label, slot] for label in labels}
            # Round up, so that even one result among many is visible.
            bar = Text()
            for label, count in counts.items():
                bar.append("█" * -(-count * BAR_CHARS // largest), style_of(label))
            table.add_row(f"{slot / BINS:.2f}-{(slot + 1) / BINS:.2f}", bar, _counts(counts))
        head = f"{counted(total, 'result')}: {shares}{cut}{lacking and f'; {lacking}'}"
        return Group(head, "score", table)


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{count} {label}" for label, count in counts.items() if count)
