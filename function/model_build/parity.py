"""Compares a built model with the fp32 torch model it was built from (build time only: imports torch)."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np

from function.classifier import Classifier
from function.model_build.source import Source
from function.torch_backend import probabilities_of

SENTENCES_FILE = Path(__file__).with_name("parity_sentences.txt")
LENGTHS = (0.25, 1, 2)  # of the long texts, as shares of the model's token limit: beyond 1 they are truncated
LONG_TEXTS = 8  # of each length
DECIDED = 0.2  # fp32's margin between its two best labels; below it, rounding flips labels even in a correct build


@dataclass(frozen=True)
class Parity:
    """The result of the comparison, as the manifest records it.

    `flipped` of the `texts` get another label than from fp32, and `decided_flipped` of those on which it is `decided`.
    A text's score difference (0-1) is that of the label that differs most.
    """

    texts: int
    decided: int
    flipped: int
    decided_flipped: int
    mean_score_difference: float
    max_score_difference: float

    def faults(self, max_disagreement: float, max_mean_difference: float) -> list[str]:
        """The reasons to fail the build, if any. `max_disagreement` is a share (0-1) of the decided texts."""
        # Compare counts: in floating point 1 - 0.98 is above 0.02.
        allowed = int(Fraction(str(max_disagreement)) * self.decided)
        faults = []
        if self.decided_flipped > allowed:
            faults.append(
                f"{self.decided_flipped} of the {self.decided} texts on which fp32 is decided get another label; "
                f"{allowed} may"
            )
        if not self.mean_score_difference <= max_mean_difference:  # catches NaN too
            faults.append(
                f"scores differ by {self.mean_score_difference:.4f} on average; {max_mean_difference:.4f} is allowed"
            )
        return faults


def sentences() -> list[str]:
    return [line for line in SENTENCES_FILE.read_text(encoding="utf-8").splitlines() if line.strip()]


def texts(source: Source) -> list[str]:
    """The sentences, and long texts made from them: errors grow with the number of tokens that attention adds up."""
    short = sentences()
    tokens = [len(source.tokenizer(text, add_special_tokens=False)["input_ids"]) for text in short]
    long = []
    for length in LENGTHS:
        for number in range(LONG_TEXTS):
            start = number * len(short) // LONG_TEXTS
            room = length * source.max_tokens - source.tokenizer.num_special_tokens_to_add()
            chosen = []
            for index in [*range(start, len(short)), *range(start)]:
                if tokens[index] <= room:
                    chosen.append(short[index])
                    room -= tokens[index]
            long.append(" ".join(chosen))
    return short + long


def measure(classifier: Classifier, source: Source, texts: Sequence[str]) -> Parity:
    return compare(classifier.probabilities(texts), probabilities(source, texts))


def compare(ours: np.ndarray, expected: np.ndarray) -> Parity:
    """Compare probabilities (texts, labels). Labels are told apart by index: some models name several alike."""
    differences = np.abs(ours - expected).max(axis=1)
    flipped = ours.argmax(axis=1) != expected.argmax(axis=1)
    second, best = np.sort(expected, axis=1)[:, -2:].T
    decided = best - second > DECIDED
    return Parity(
        texts=len(expected),
        decided=int(decided.sum()),
        flipped=int(flipped.sum()),
        decided_flipped=int((flipped & decided).sum()),
        mean_score_difference=round(float(differences.mean()), 5),
        max_score_difference=round(float(differences.max()), 5),
    )


def probabilities(source: Source, texts: Sequence[str]) -> np.ndarray:
    """The fp32 model's softmax (texts, labels), one text at a time, truncated where the function truncates them."""
    return np.stack([_probabilities(source, text) for text in texts])


def _probabilities(source: Source, text: str) -> np.ndarray:
    encoded = source.tokenizer(text, truncation=True, max_length=source.max_tokens, return_tensors="pt")
    return probabilities_of(source.model, encoded)[0]
