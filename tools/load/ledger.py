"""Records for every text of a run when it was due, sent and done."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from uuid import uuid4

from tools.load.plan import Plan

LATE_S = 0.1  # a send that begins later than this after it was due is counted


@dataclass
class Ledger:
    """Safe to write from many threads. All times are seconds since the epoch, by this machine's clock.

    Attributes:
        started_at: when the first text was due.
        begun: when the send of a text began, by its index.
        unsent: why SQS did not accept a text, by its id.
        done: the times at which deliveries of a text were settled, by its id, if that can be watched.
    """

    plan: Plan
    run: str = field(default_factory=lambda: f"load-{uuid4().hex[:12]}")
    started_at: float = 0.0
    begun: dict[int, float] = field(default_factory=dict)
    unsent: dict[str, str] = field(default_factory=dict)
    done: dict[str, list[float]] = field(default_factory=dict)

    def id_of(self, index: int) -> str:
        return f"{self.run}-{index:08d}"

    def due_at(self, index: int) -> float:
        return self.started_at + self.plan.due_s(index)

    def began(self, indices: Sequence[int], moment: float) -> None:
        for index in indices:
            self.begun[index] = moment

    def settled(self, ids: Iterable[str], moment: float) -> None:
        """Record one settled delivery for each id; ignores ids of other runs."""
        for item_id in ids:
            if item_id.startswith(self.run):
                self.done.setdefault(item_id, []).append(moment)

    @property
    def ids(self) -> list[str]:
        """The ids of all texts that SQS accepted, in order."""
        return [item_id for index in range(self.plan.texts) if (item_id := self.id_of(index)) not in self.unsent]

    @property
    def lateness_s(self) -> list[float]:
        """The delay of each send."""
        return [max(0.0, moment - self.due_at(index)) for index, moment in self.begun.items()]
