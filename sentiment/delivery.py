"""Sends one batch to SQS and retries only the messages that failed."""

import random
import re
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

ATTEMPTS = 8  # with full jitter about 10 s in all
FIRST_BACKOFF_S, LONGEST_BACKOFF_S = 0.1, 5.0
# Such as KMS.ThrottlingException, RequestThrottled, TooManyRequestsException, RequestLimitExceeded, SlowDown.
THROTTLED = re.compile("throttl|toomanyrequests|requestlimit|slowdown", re.IGNORECASE)


class NotSent(Exception):
    """SQS did not accept a message.

    Attributes:
        refused: SQS blames the message, so no retry can help.
    """

    def __init__(self, code: str, message: str, refused: bool) -> None:
        super().__init__(f"{code}: {message}")
        self.refused = refused


def deliver(
    sqs: Any, queue_url: str, messages: Sequence[Mapping[str, Any]], sleep: Callable[[float], None] = time.sleep
) -> dict[int, Exception]:
    """Send messages that fit into one SendMessageBatch.

    Args:
        messages: entries of the request without an Id; this function adds it.

    Returns:
        The reasons by the index of each message that was not sent; empty if all were. NotSent, or the error of a retry
        that failed after SQS had accepted or refused others.

    Raises:
        ClientError, BotoCoreError: every request failed, after botocore's own retries and, if SQS throttled it, after
            ours.
    """
    waiting = dict(enumerate(messages))
    failures: dict[int, NotSent] = {}
    answered = False
    for attempt in range(ATTEMPTS):
        last = attempt + 1 == ATTEMPTS
        entries = [{"Id": str(index), **message} for index, message in waiting.items()]
        try:
            answer = sqs.send_message_batch(QueueUrl=queue_url, Entries=entries)
        except (ClientError, BotoCoreError) as error:
            if last or not _throttled(error):
                if answered:
                    return {**failures, **dict.fromkeys(waiting, error)}
                raise
        else:
            answered = True
            refused = {index: why for index, why in failures.items() if why.refused}
            failures = {**refused, **{int(each["Id"]): _not_sent(each) for each in answer.get("Failed", [])}}
            waiting = {index: m for index, m in waiting.items() if index in failures and not failures[index].refused}
        if last or not waiting:
            break
        sleep(random.uniform(0, min(LONGEST_BACKOFF_S, FIRST_BACKOFF_S * 2**attempt)))
    return {**failures}


def _throttled(error: Exception) -> bool:
    """Whether a retry can help; botocore does not know KMS's codes."""
    return isinstance(error, ClientError) and bool(THROTTLED.search(error.response["Error"]["Code"]))


def _not_sent(failed: Mapping[str, Any]) -> NotSent:
    """The error of one entry. SQS reports KMS's errors and throttling as the sender's fault too; these are retried."""
    code = failed["Code"]
    of_the_message = failed["SenderFault"] and not (code.lower().startswith("kms") or THROTTLED.search(code))
    return NotSent(code, failed.get("Message", "no reason given"), refused=of_the_message)
