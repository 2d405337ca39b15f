"""The queue of an event source mapping: receives and deletes, and tolerates temporary SQS errors."""

import logging
import time
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from tools.local.sqs_events import Delivery, delivery

logger = logging.getLogger(__name__)

CALL_LIMIT = 10  # maximum messages in one call to SQS
DELETE_ATTEMPTS = 5
LONGEST_BACKOFF_S = 1.0  # stopping the mapping may have to wait for it


class SourceQueue:
    """Takes messages from a queue; safe to use from many threads, which share the client."""

    def __init__(self, sqs: Any, url: str, arn: str) -> None:
        self._sqs = sqs
        self._url = url
        self._arn = arn
        self._failed_receives = 0  # in a row

    def receive(self, count: int, wait_s: int) -> list[Delivery]:
        """Up to `count` messages, as many as one call returns; none, after a pause, if SQS fails."""
        try:
            answer = self._sqs.receive_message(
                QueueUrl=self._url,
                MaxNumberOfMessages=min(count, CALL_LIMIT),
                WaitTimeSeconds=wait_s,
                MessageAttributeNames=["All"],
                MessageSystemAttributeNames=["All"],
            )
        except (BotoCoreError, ClientError) as error:
            logger.warning("receive failed, will try again: %s", error)
            time.sleep(_backoff_s(self._failed_receives))
            self._failed_receives += 1
            return []
        self._failed_receives = 0
        return [delivery(message, self._arn) for message in answer.get("Messages", [])]

    def delete(self, deliveries: list[Delivery]) -> None:
        """Delete these messages; those that still fail after some attempts will be delivered again."""
        handles = [each.receipt_handle for each in deliveries]
        for start in range(0, len(handles), CALL_LIMIT):
            self._delete_some(handles[start : start + CALL_LIMIT])

    def _delete_some(self, handles: list[str]) -> None:
        for attempt in range(DELETE_ATTEMPTS):
            entries = [{"Id": str(n), "ReceiptHandle": handle} for n, handle in enumerate(handles)]
            try:
                answer = self._sqs.delete_message_batch(QueueUrl=self._url, Entries=entries)
            except (BotoCoreError, ClientError) as error:
                logger.warning("delete failed: %s", error)
            else:
                failures = answer.get("Failed", [])
                for failure in failures:
                    logger.warning("delete failed: %s", failure)
                # No retry can fix what SQS blames on the caller, such as a stale receipt handle.
                handles = [handles[int(each["Id"])] for each in failures if not each["SenderFault"]]
            if not handles:
                return
            time.sleep(_backoff_s(attempt))


def _backoff_s(attempt: int) -> float:
    return float(min(LONGEST_BACKOFF_S, 0.1 * 2 ** min(attempt, 10)))
