"""Scores of a classifier: accuracy, and precision, recall and F1 by class, from a confusion matrix."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from rich.table import Table

from sentiment.labels import painted

SHOWN_CHARS = 30  # of a label


@dataclass(frozen=True)
class Score:
    """`confusions` counts (label in the file, label that the model gave); all shares are from 0 to 1."""

    confusions: Counter[tuple[str, str]]

    @classmethod
    def of(cls, pairs: Iterable[tuple[str, str]]) -> "Score":
        return cls(Counter(pairs))

    @property
    def labels(self) -> list[str]:
        return sorted({label for pair in self.confusions for label in pair})

    @property
    def texts(self) -> int:
        return self.confusions.total()

    @property
    def accuracy(self) -> float:
        return sum(self.confusions[label, label] for label in self.labels) / self.texts

    @property
    def chance(self) -> float:
        """The accuracy of always answering the most common label."""
        return max(self.count(label) for label in self.labels) / self.texts

    @property
    def macro_f1(self) -> float:
        """The unweighted mean of the classes' F1; classes that do not occur in the file do not count."""
        known = [label for label in self.labels if self.count(label)]
        return sum(self.f1(label) for label in known) / len(known)

    def count(self, label: str) -> int:
        return sum(self.confusions[label, given] for given in self.labels)

    def precision(self, label: str) -> float:
        return self._share(label, sum(self.confusions[told, label] for told in self.labels))

    def recall(self, label: str) -> float:
        return self._share(label, self.count(label))

    def f1(self, label: str) -> float:
        said = sum(self.confusions[told, label] for told in self.labels)
        return self._share(label, (said + self.count(label)) / 2)

    def _share(self, label: str, of: float) -> float:
        return self.confusions[label, label] / of if of else 0.0

    def figures(self) -> dict[str, object]:
        """The rounded figures by name, to write to a file."""
        by_label = {
            label: {
                "texts": self.count(label),
                "precision": round(self.precision(label), 4),
                "recall": round(self.recall(label), 4),
                "f1": round(self.f1(label), 4),
            }
            for label in self.labels
        }
        return {
            "texts": self.texts,
            "accuracy": round(self.accuracy, 4),
            "macro_f1": round(self.macro_f1, 4),
            "chance": round(self.chance, 4),
            "by_label": by_label,
        }

    def by_class(self) -> Table:
        table = Table("class", title="By class", title_justify="left")
        for heading in ("texts", "precision", "recall", "F1"):
            table.add_column(heading, justify="right")
        for label in self.labels:
            shares = (self.precision(label), self.recall(label), self.f1(label))
            table.add_row(painted(label, SHOWN_CHARS), str(self.count(label)), *(f"{share:.3f}" for share in shares))
        return table

    def matrix(self) -> Table:
        """A row for each label in the file, a column for each of the model's."""
        table = Table("the file says", title="Confusion matrix: texts by label", title_justify="left")
        for label in self.labels:
            table.add_column(painted(f"model: {label}", SHOWN_CHARS), justify="right")
        for told in self.labels:
            cells = [f"{self.confusions[told, given]}" for given in self.labels]
            table.add_row(painted(told, SHOWN_CHARS), *cells)
        return table
