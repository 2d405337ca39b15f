"""Finds the sent texts in the table and in the dead-letter queue."""

import json
from collections.abc import Sequence
from datetime import datetime

from sentiment.dlq.queue import Look
from sentiment.table import Results
from sentiment.target import Target
from sentiment_contract.results import TABLE_KEY

HIDDEN_S = 30  # the longest that a dead letter is hidden from others while all are read


def stored(target: Target, ids: Sequence[str]) -> dict[str, float]:
    """When each of these ids was processed, if it has a result, in seconds since the epoch.

    Raises:
        CommandError, ClientError, BotoCoreError: the table cannot be read.
    """
    table = Results(
        dynamodb=target.client("dynamodb"), table_name=target.table_name, fields=(TABLE_KEY, "processed_at")
    )
    return {
        item_id: datetime.fromisoformat(result["processed_at"]).timestamp()
        for item_id, result in table.get(ids).items()
    }


def dead(target: Target, run: str) -> list[str]:
    """Ids of this run in the dead-letter queue, one per message; all stay there."""
    with Look(target.client("sqs"), target.dead_letter_queue_url, HIDDEN_S) as letters:
        ids = [_id_of(letter.body) for letter in letters]
    return [item_id for item_id in ids if item_id.startswith(run)]


def _id_of(body: str) -> str:
    """The id in a message of one text, as this run sends them; nothing for any other message."""
    try:
        content = json.loads(body)
    except ValueError:
        return ""
    return str(content.get(TABLE_KEY, "")) if isinstance(content, dict) else ""
