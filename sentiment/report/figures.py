"""Counts, scores and texts over time, in memory that does not grow with the number of results."""

import heapq
import math
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

from sentiment.labels import in_order
from sentiment.report.span import Span
from sentiment.result import UNDATED, Result, expired, sent_at
from sentiment.table import Page
from sentiment_contract.results import TABLE_KEY
from sentiment_contract.timestamps import MAX_SKEW_MINUTES

MAX_LABELS = 100  # other writers may add any number to the table
OTHERS = "(other labels)"
KEPT_CHARS = 600  # of a text or label


class Decided(NamedTuple):
    """A text with a high score; of two equal scores, the later text sorts higher."""

    score: float
    sent_at: datetime
    id: str
    text: str


@dataclass(kw_only=True)
class Figures:
    """
    Attributes:
        span: the time they cover.
        top: texts to keep for each label.
        labels: the number of results for each.
        counts, scores: results, and the sum of their scores, by label and bucket.
        decided: for each label a heap of the texts with the highest scores, each text once.
        earlier, expired, unreadable: items that do not count, the last because they lack a label, a score of 0 to 1, or
            a date that is not ahead: somebody else wrote them.
    """

    span: Span
    top: int
    labels: Counter[str] = field(default_factory=Counter)
    counts: Counter[tuple[str, int]] = field(default_factory=Counter)
    scores: defaultdict[tuple[str, int], float] = field(default_factory=lambda: defaultdict(float))
    decided: defaultdict[str, list[Decided]] = field(default_factory=lambda: defaultdict(list))
    earlier: int = 0
    expired: int = 0
    unreadable: int = 0

    @property
    def read(self) -> int:
        return self.labels.total() + self.earlier + self.expired + self.unreadable

    def add(self, page: Page, now: float) -> None:
        self.earlier += page.scanned - len(page.results)
        for result in page.results:
            if expired(result, now):
                self.expired += 1
            else:
                self._add(result)

    def _add(self, result: Result) -> None:
        label, score, moment = result.get("sentiment"), result.get("score"), sent_at(result)
        ahead = self.span.end + timedelta(minutes=MAX_SKEW_MINUTES)
        if not (isinstance(label, str) and isinstance(score, float) and 0 <= score <= 1 and UNDATED < moment <= ahead):
            self.unreadable += 1
        elif moment < self.span.begin:
            self.earlier += 1
        else:
            label = label[:KEPT_CHARS]
            if label not in self.labels and len(self.labels) >= MAX_LABELS:
                label = OTHERS
            place = label, self.span.place(min(moment, self.span.end))
            self.labels[label] += 1
            self.counts[place] += 1
            self.scores[place] += score
            self._keep(self.decided[label], Decided(score, moment, result[TABLE_KEY], _text(result)))

    def _keep(self, kept: list[Decided], new: Decided) -> None:
        if len(kept) == self.top and new < kept[0]:
            return
        twin = next((each for each in kept if new.text and each.text == new.text), None)
        if twin:
            kept[kept.index(twin)] = max(twin, new)
            heapq.heapify(kept)
        elif len(kept) < self.top:
            heapq.heappush(kept, new)
        else:
            heapq.heapreplace(kept, new)

    def mean(self, label: str, place: int | None = None) -> float:
        """The mean score of a label, in one bucket or overall; NaN without results."""
        places = [(label, at) for at in (range(len(self.span.starts())) if place is None else [place])]
        count = sum(self.counts[each] for each in places)
        return sum(self.scores.get(each, 0.0) for each in places) / count if count else math.nan

    def rows(self) -> Iterator[tuple[object, ...]]:
        """A header, then a row per bucket and label; share and mean are empty without results."""
        yield self.span.bucket, "sentiment", "results", "share", "mean_score"
        labels = in_order(self.labels)
        for place, begin in enumerate(self.span.starts()):
            total = sum(self.counts[label, place] for label in labels)
            for label in labels:
                count = self.counts[label, place]
                share = round(count / total, 6) if total else ""
                yield begin.isoformat(), label, count, share, round(self.mean(label, place), 6) if count else ""


def _text(result: Result) -> str:
    text = result.get("text", "")
    return text[:KEPT_CHARS] if isinstance(text, str) else ""
