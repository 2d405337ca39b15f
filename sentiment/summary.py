"""What many results say together: the share of each label, and how sure the model was."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from sentiment.table import Result

BINS = 20  # of the scores, 0 to 1
BAR_CHARS = 40
STYLES = {"POSITIVE": "green", "NEGATIVE": "red"}


@dataclass
class Summary:
    """
    Attributes:
        labels: how many results have each.
        scores: how many have each label and a score in each bin.
        truncated: texts of which the model read the beginning only.
    """

    labels: Counter[str] = field(default_factory=Counter)
    scores: Counter[tuple[str, int]] = field(default_factory=Counter)
    truncated: int = 0

    def add(self, results: Iterable[Result]) -> None:
        for result in results:
            self.labels[result["sentiment"]] += 1
            self.scores[result["sentiment"], min(int(result["score"] * BINS), BINS - 1)] += 1
            self.truncated += result["truncated"]

    def render(self) -> RenderableType:
        total = self.labels.total()
        if not total:
            return "No results."
        labels = sorted(self.labels, reverse=True)  # POSITIVE first
        shares = ", ".join(f"{self.labels[label]} {label} ({self.labels[label] / total:.1%})" for label in labels)
        cut = f"; {self.truncated} read in part" if self.truncated else ""
        bins = range(min(slot for _, slot in self.scores), BINS)
        largest = max(sum(self.scores[label, slot] for label in labels) for slot in bins)
        table = Table.grid(padding=(0, 1))
        for slot in bins:
            counts = {label: self.scores[label, slot] for label in labels}
            # Rounded up, so that not even one result among many is invisible.
            bar = Text()
            for label, count in counts.items():
                bar.append("█" * -(-count * BAR_CHARS // largest), STYLES.get(label, ""))
            table.add_row(f"{slot / BINS:.2f}-{(slot + 1) / BINS:.2f}", bar, _counts(counts))
        return Group(f"{total} results: {shares}{cut}", "score", table)


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{count} {label}" for label, count in counts.items() if count)
