"""One batch to SQS: what failed of it is tried again, and nothing else."""

import random
import re
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from botocore.exceptions import ClientError

ATTEMPTS = 8  # with full jitter about 10 s in all
FIRST_BACKOFF_S, LONGEST_BACKOFF_S = 0.1, 5.0
# Such as KMS.ThrottlingException, RequestThrottled, TooManyRequestsException, RequestLimitExceeded, SlowDown.
THROTTLED = re.compile("throttl|toomanyrequests|requestlimit|slowdown", re.IGNORECASE)


class NotSent(Exception):
    """SQS did not take a message.

    Attributes:
        refused: SQS blames the message, so that no repetition can help.
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
        ClientError, BotoCoreError: the request failed as a whole, after botocore's own retries and, where it was
            throttled, after ours.
    """
    waiting = dict(enumerate(messages))
    failures: dict[int, NotSent] = {}
    for attempt in range(ATTEMPTS):
        last = attempt + 1 == ATTEMPTS
        entries = [{"Id": str(index), **message} for index, message in waiting.items()]
        try:
            answer = sqs.send_message_batch(QueueUrl=queue_url, Entries=entries)
        except ClientError as error:
            if last or not THROTTLED.search(error.response["Error"]["Code"]):  # botocore does not know those of KMS
                raise
        else:
            refused = {index: why for index, why in failures.items() if why.refused}
            failures = {**refused, **{int(each["Id"]): _not_sent(each) for each in answer.get("Failed", [])}}
            waiting = {index: m for index, m in waiting.items() if index in failures and not failures[index].refused}
        if last or not waiting:
            break
        sleep(random.uniform(0, min(LONGEST_BACKOFF_S, FIRST_BACKOFF_S * 2**attempt)))
    return failures


def _not_sent(failed: Mapping[str, Any]) -> NotSent:
    """SQS calls whatever KMS says, and being too fast, a fault of the sender too; the message is as good as any."""
    code = failed["Code"]
    of_the_message = failed["SenderFault"] and not (code.lower().startswith("kms") or THROTTLED.search(code))
    return NotSent(code, failed.get("Message", "no reason given"), refused=of_the_message)
