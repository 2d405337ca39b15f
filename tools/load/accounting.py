"""Accounts for every id that was sent."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Accounting:
    """Ids by outcome.

    Attributes:
        stored: in the table.
        dead: in the dead-letter queue.
        lost: sent, and in neither.
        duplicated: in both, dead-lettered more than once, or settled by more than one delivery.
    """

    stored: frozenset[str]
    dead: frozenset[str]
    lost: frozenset[str]
    duplicated: frozenset[str]


def account(
    sent: Collection[str], stored: Iterable[str], dead: Iterable[str], deliveries: Mapping[str, int]
) -> Accounting:
    """
    Args:
        sent: ids that SQS accepted.
        stored, dead: ids found in the table and, one per message, in the dead-letter queue.
        deliveries: number of settled deliveries by id, if watched.
    """
    outcomes = Counter(set(stored)) + Counter(dead)
    return Accounting(
        stored=frozenset(stored),
        dead=frozenset(dead),
        lost=frozenset(sent) - outcomes.keys(),
        duplicated=frozenset(item_id for item_id in sent if max(outcomes[item_id], deliveries.get(item_id, 0)) > 1),
    )
