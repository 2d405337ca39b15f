"""How far a built model strays from the fp32 torch model it was made from (build time only: imports torch)."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np

from function.classifier import Classifier
from function.model_build.source import Source
from function.torch_backend import probabilities_of

SENTENCES_FILE = Path(__file__).with_name("parity_sentences.txt")
LENGTHS = (0.25, 1, 2)  # of the long texts, as shares of what the model takes: beyond 1 they are cut
LONG_TEXTS = 8  # of each length
DECIDED = 0.2  # fp32's margin between its two best labels: below it, rounding turns the label in a sound build too


@dataclass(frozen=True)
class Parity:
    """What the manifest keeps of it.

    `flipped` of the `texts` get another label than fp32 gives, and `decided_flipped` of those that it is `decided`
    about. A text's score difference (0-1) is that of the label that differs most.
    """

    texts: int
    decided: int
    flipped: int
    decided_flipped: int
    mean_score_difference: float
    max_score_difference: float

    def faults(self, max_disagreement: float, max_mean_difference: float) -> list[str]:
        """Why the build is not sound; none if it is. `max_disagreement` is a share (0-1) of the decided texts."""
        # Counted: in floating point 1 - 0.98 is above 0.02.
        allowed = int(Fraction(str(max_disagreement)) * self.decided)
        faults = []
        if self.decided_flipped > allowed:
            faults.append(
                f"{self.decided_flipped} of the {self.decided} texts that fp32 is decided about get another label; "
                f"{allowed} may"
            )
        if not self.mean_score_difference <= max_mean_difference:  # nor is it if the difference is no number
            faults.append(
                f"scores differ by {self.mean_score_difference:.4f} on average; {max_mean_difference:.4f} is allowed"
            )
        return faults


def sentences() -> list[str]:
    return [line for line in SENTENCES_FILE.read_text(encoding="utf-8").splitlines() if line.strip()]


def texts(source: Source) -> list[str]:
    """The sentences, and long texts made of them: errors grow with the tokens that attention adds up."""
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
    """Labels are compared by their places: some models give one name to several."""
    expected = np.stack([_probabilities(source, text) for text in texts])
    ours = classifier.probabilities(texts)
    differences = np.abs(ours - expected).max(axis=1)
    flipped = ours.argmax(axis=1) != expected.argmax(axis=1)
    second, best = np.sort(expected, axis=1)[:, -2:].T
    decided = best - second > DECIDED
    return Parity(
        texts=len(texts),
        decided=int(decided.sum()),
        flipped=int(flipped.sum()),
        decided_flipped=int((flipped & decided).sum()),
        mean_score_difference=round(float(differences.mean()), 5),
        max_score_difference=round(float(differences.max()), 5),
    )


def _probabilities(source: Source, text: str) -> np.ndarray:
    """The fp32 model's softmax for one text alone, cut where the function cuts it, shape (labels,)."""
    encoded = source.tokenizer(text, truncation=True, max_length=source.max_tokens, return_tensors="pt")
    return probabilities_of(source.model, encoded)[0]
