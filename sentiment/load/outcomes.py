"""What is in the table and in the dead-letter queue of the texts that were sent."""

import json
from collections.abc import Iterator, Sequence
from datetime import datetime

from function.names import TABLE_KEY
from sentiment.batch import MAX_MESSAGES
from sentiment.target import Target

KEYS = 100  # in one BatchGetItem at most
PEEK_S = 30  # that a dead letter is hidden from others while all are looked at


def stored(target: Target, ids: Sequence[str]) -> dict[str, float]:
    """When each of these ids that has a result was processed, in seconds since the epoch.

    Raises:
        ClientError, BotoCoreError: the table cannot be read.
    """
    dynamodb = target.client("dynamodb")
    found: dict[str, float] = {}
    for start in range(0, len(ids), KEYS):
        asked = {
            target.table_name: {
                "Keys": [{TABLE_KEY: {"S": item_id}} for item_id in ids[start : start + KEYS]],
                "ConsistentRead": True,
                "ProjectionExpression": "#id, processed_at",
                "ExpressionAttributeNames": {"#id": TABLE_KEY},
            }
        }
        while asked:
            answer = dynamodb.batch_get_item(RequestItems=asked)
            for item in answer["Responses"].get(target.table_name, []):
                found[item[TABLE_KEY]["S"]] = datetime.fromisoformat(item["processed_at"]["S"]).timestamp()
            asked = answer.get("UnprocessedKeys")
    return found


def dead(target: Target, run: str) -> list[str]:
    """Ids of this run in the dead-letter queue, one for each message. They are hidden for PEEK_S, and stay."""
    return [item_id for body in _bodies(target) if (item_id := _id_of(body)).startswith(run)]


def _bodies(target: Target) -> Iterator[str]:
    sqs = target.client("sqs")
    while messages := sqs.receive_message(
        QueueUrl=target.dead_letter_queue_url,
        MaxNumberOfMessages=MAX_MESSAGES,
        VisibilityTimeout=PEEK_S,
        WaitTimeSeconds=1,
    ).get("Messages"):
        yield from (message["Body"] for message in messages)


def _id_of(body: str) -> str:
    """Of a message of one text, as this run sends them; of any other nothing."""
    try:
        content = json.loads(body)
    except ValueError:
        return ""
    return str(content.get(TABLE_KEY, "")) if isinstance(content, dict) else ""
