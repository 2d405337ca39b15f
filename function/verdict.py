"""The verdict on one text, as every backend gives it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Sentiment:
    """`score` is the label's softmax probability (0-1), `label` is the model's own word."""

    label: str
    score: float
    truncated: bool  # the text had more tokens than the model takes, and the rest was not read


def sentiments(labels: Sequence[str], probabilities: np.ndarray, truncated: Iterable[bool]) -> list[Sentiment]:
    """Of each row (texts, labels) of probabilities, its best label."""
    return [
        Sentiment(labels[best], float(row[best]), cut)
        for row, best, cut in zip(probabilities, probabilities.argmax(axis=1), truncated, strict=True)
    ]
