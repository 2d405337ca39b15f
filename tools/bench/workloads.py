"""The workloads to measure: batches of texts of known lengths."""

import random
from collections.abc import Sequence
from dataclasses import dataclass

from tools.local.docker.measure import LOG_DEVIATION, LOG_MEAN, LONGEST_TOKENS

SPECIAL_TOKENS = 2  # the tokenizer's own, before and after each text
WORDS = 20_000  # of the full-size model's vocabulary: word0, word1, ..., one token each
SEED = 20261124
BATCHES = 6  # of those workloads whose lengths are drawn
ARTICLE_LOG_MEAN, ARTICLE_LOG_DEVIATION = 4.1, 1.1  # half the texts under 60 tokens, one in forty at the most there is


@dataclass(frozen=True)
class Workload:
    """`lengths` holds the texts' lengths for each batch, in tokens including special ones."""

    name: str
    lengths: Sequence[Sequence[int]]

    @property
    def items(self) -> int:
        """The number of texts in a batch."""
        return len(self.lengths[0])

    @property
    def tokens(self) -> float:
        """The average number of tokens in a batch."""
        return sum(map(sum, self.lengths)) / len(self.lengths)

    def batches(self) -> list[list[str]]:
        words = random.Random(SEED)
        return [[text(length, words) for length in lengths] for lengths in self.lengths]


def text(tokens: int, words: random.Random) -> str:
    """A text with this many tokens for the full-size model."""
    return " ".join(f"word{words.randrange(WORDS)}" for _ in range(tokens - SPECIAL_TOKENS))


def length(drawn: random.Random, mean: float = LOG_MEAN, deviation: float = LOG_DEVIATION) -> int:
    """A log-normal length in tokens, special ones included; `mean` and `deviation` are of the logarithm."""
    return min(max(round(drawn.lognormvariate(mean, deviation)), SPECIAL_TOKENS + 1), LONGEST_TOKENS)


def _drawn(mean: float, deviation: float) -> list[list[int]]:
    """Batches of ten."""
    drawn = random.Random(SEED)
    return [[length(drawn, mean, deviation) for _ in range(10)] for _ in range(BATCHES)]


WORKLOADS = (
    *(Workload(f"single_{length}", [[length]]) for length in (16, 32, 128, 512)),
    *(Workload(f"ten_{length}", [[length] * 10]) for length in (16, 64)),
    Workload("ten_mixed", _drawn(LOG_MEAN, LOG_DEVIATION)),
    Workload("ten_long_tail", _drawn(ARTICLE_LOG_MEAN, ARTICLE_LOG_DEVIATION)),
)
