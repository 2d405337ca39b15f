"""What is in the table and in the dead-letter queue of the texts that were sent."""

import json
from collections.abc import Sequence
from datetime import datetime

from sentiment.dlq.queue import Look
from sentiment.table import Results
from sentiment.target import Target
from sentiment_contract.results import TABLE_KEY

HIDDEN_S = 30  # that a dead letter is hidden from others at most, while all are looked at


def stored(target: Target, ids: Sequence[str]) -> dict[str, float]:
    """When each of these ids that has a result was processed, in seconds since the epoch.

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
    """Ids of this run in the dead-letter queue, one for each message; all stay there."""
    with Look(target.client("sqs"), target.dead_letter_queue_url, HIDDEN_S) as letters:
        ids = [_id_of(letter.body) for letter in letters]
    return [item_id for item_id in ids if item_id.startswith(run)]


def _id_of(body: str) -> str:
    """Of a message of one text, as this run sends them; of any other nothing."""
    try:
        content = json.loads(body)
    except ValueError:
        return ""
    return str(content.get(TABLE_KEY, "")) if isinstance(content, dict) else ""
