"""The verdict on one text, in the form that every backend returns."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Sentiment:
    """`label` is the model's own name for the class, `score` its softmax probability (0-1)."""

    label: str
    score: float
    truncated: bool  # the text had more tokens than the model takes, and the model did not read the rest


def sentiments(labels: Sequence[str], probabilities: np.ndarray, truncated: Iterable[bool]) -> list[Sentiment]:
    """The best label of each row of probabilities (texts, labels)."""
    return [
        Sentiment(labels[best], float(row[best]), cut)
        for row, best, cut in zip(probabilities, probabilities.argmax(axis=1), truncated, strict=True)
    ]
