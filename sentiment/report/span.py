"""The time that a report covers, divided into hours, days or weeks."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Self

HOUR, DAY, WEEK = timedelta(hours=1), timedelta(days=1), timedelta(weeks=1)
NAMES = {HOUR: "hour", DAY: "day", WEEK: "week"}
LONGEST = {HOUR: timedelta(days=4), DAY: timedelta(days=184), WEEK: timedelta.max}
MONDAY = datetime(1970, 1, 5, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Span:
    """
    Attributes:
        begin: start of the first bucket; only the last bucket may be incomplete.
        end: now.
        width: of each bucket.
    """

    begin: datetime
    end: datetime
    width: timedelta

    @classmethod
    def of(cls, begin: datetime, end: datetime) -> Self:
        """The span from the bucket that contains `begin`, with the smallest suitable buckets."""
        width = next(width for width, longest in LONGEST.items() if end - begin <= longest)
        return cls(begin=begin - (begin - MONDAY) % width, end=end, width=width)

    @property
    def bucket(self) -> str:
        """The name of a bucket."""
        return NAMES[self.width]

    def place(self, moment: datetime) -> int:
        """The index of the bucket that contains a moment."""
        return (moment - self.begin) // self.width

    def starts(self) -> list[datetime]:
        return [self.begin + place * self.width for place in range(self.place(self.end) + 1)]
