"""One batch to SQS: what failed of it is tried again, and nothing else."""

import random
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

ATTEMPTS = 8  # with full jitter about 10 s in all
FIRST_BACKOFF_S, LONGEST_BACKOFF_S = 0.1, 5.0


class NotSent(Exception):
    """SQS did not take a message.

    Attributes:
        refused: SQS blames the message (SenderFault), so that no repetition can help.
    """

    def __init__(self, code: str, message: str, refused: bool) -> None:
        super().__init__(f"{code}: {message}")
        self.refused = refused


def deliver(
    sqs: Any, queue_url: str, messages: Sequence[Mapping[str, Any]], sleep: Callable[[float], None] = time.sleep
) -> dict[int, NotSent]:
    """Send messages that fit into one SendMessageBatch.

    Args:
        messages: entries of the request without their Id, which is given here.

    Returns:
        Why a message was not sent, by its index; empty when all were.

    Raises:
        ClientError, BotoCoreError: the request failed as a whole, after botocore's own retries.
    """
    waiting = dict(enumerate(messages))
    failures: dict[int, NotSent] = {}
    for attempt in range(ATTEMPTS):
        entries = [{"Id": str(index), **message} for index, message in waiting.items()]
        answer = sqs.send_message_batch(QueueUrl=queue_url, Entries=entries)
        refused = {index: why for index, why in failures.items() if why.refused}
        failures = {**refused, **{int(each["Id"]): _not_sent(each) for each in answer.get("Failed", [])}}
        waiting = {index: m for index, m in waiting.items() if index in failures and not failures[index].refused}
        if not waiting:
            break
        if attempt + 1 < ATTEMPTS:
            sleep(random.uniform(0, min(LONGEST_BACKOFF_S, FIRST_BACKOFF_S * 2**attempt)))
    return failures


def _not_sent(failed: Mapping[str, Any]) -> NotSent:
    return NotSent(failed["Code"], failed.get("Message", "no reason given"), failed["SenderFault"])
