"""The outcome of one item that was classified, or could not be."""

from dataclasses import dataclass
from enum import Enum, auto

from sentiment_contract.messages import Fault


class Settled(Enum):
    """The table holds the result, or (absorbed) one for the same id that is as new or newer."""

    STORED = auto()
    ABSORBED = auto()


@dataclass(frozen=True, slots=True)
class Rejected:
    """No delivery can succeed."""

    fault: Fault


@dataclass(frozen=True, slots=True)
class Retry:
    """A later delivery may succeed. `code` names the error."""

    code: str


Outcome = Settled | Rejected | Retry
