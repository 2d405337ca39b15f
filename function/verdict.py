"""The verdict on one text, as every backend gives it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sentiment:
    """`score` is the label's softmax probability (0-1), `label` is the model's own word."""

    label: str
    score: float
    truncated: bool  # the text had more tokens than the model takes, and the rest was not read
