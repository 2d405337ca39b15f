"""A bill: its lines and their sums."""

import math
from dataclasses import dataclass

from tools.estimate.cost.prices import Price
from tools.estimate.cost.usage import Usage


@dataclass(frozen=True)
class Line:
    """One line of a bill.

    Attributes:
        standing: due even without traffic.
        free: whether this price's free-tier units apply to this line.
    """

    service: str
    what: str
    quantity: float
    price: Price
    standing: bool = False
    free: bool = True


@dataclass(frozen=True)
class Bill:
    """The bill of one month.

    Attributes:
        free_tier: whether to subtract the free tier, with this stack as the only one in its account.
    """

    lines: list[Line]
    usage: Usage
    free_tier: bool = False

    def usd_of(self, asked: Line) -> float:
        """The cost of a line; lines with the same price share its free units in their order."""
        free = asked.price.free if self.free_tier and asked.free else 0.0
        for line in self.lines:
            if line is asked:
                break
            if line.price is asked.price and line.free:
                free -= line.quantity
        return asked.price.of(max(0.0, asked.quantity - max(0.0, free)))

    @property
    def usd(self) -> float:
        return sum(map(self.usd_of, self.lines))

    @property
    def standing_usd(self) -> float:
        return sum(self.usd_of(line) for line in self.lines if line.standing)

    @property
    def per_million(self) -> float:
        """US dollars per million texts at this rate; infinite without traffic."""
        return self.usd / self.usage.items * 1e6 if self.usage.items else math.inf
