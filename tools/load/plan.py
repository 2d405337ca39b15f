"""The schedule of a run."""

from dataclasses import dataclass
from enum import StrEnum

from sentiment.batch import MAX_MESSAGES

REQUESTS_PER_SECOND = 10  # unless a request would hold more than SQS accepts


class Kind(StrEnum):
    """`words`: word1, word2, ..., each one token to the random full-size model. `sentences`: English ones."""

    WORDS = "words"
    SENTENCES = "sentences"


@dataclass(frozen=True, kw_only=True)
class Plan:
    """
    Attributes:
        rate: texts a second, one per message.
        duration_s: how long to send them.
        together: texts that are due at the same time and share a request.
    """

    rate: float
    duration_s: float
    together: int

    @property
    def texts(self) -> int:
        return max(1, round(self.rate * self.duration_s))

    def due_s(self, index: int) -> float:
        """When the text of this index is due, in seconds since the start."""
        return index // self.together * self.together / self.rate

    def groups(self) -> list[range]:
        """The indices of the texts that are sent together."""
        starts = range(0, self.texts, self.together)
        return [range(start, min(start + self.together, self.texts)) for start in starts]


def usual_together(rate: float) -> int:
    """The texts per request that give about ten requests a second, up to SQS's limit."""
    return min(MAX_MESSAGES, max(1, round(rate / REQUESTS_PER_SECOND)))
