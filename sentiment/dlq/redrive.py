"""Redrives dead letters with an SQS message move task."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from sentiment.errors import CommandError

MAX_PER_SECOND = 500  # of a message move task
POLL_SECONDS = 2.0


@dataclass(frozen=True, kw_only=True)
class MoveTask:
    """A message move task, which runs in SQS even if this process ends.

    Attributes:
        sqs: boto3 client.
        source_arn: the dead-letter queue.
        handle: the handle to cancel it.
    """

    sqs: Any
    source_arn: str
    handle: str
    sleep: Callable[[float], None] = time.sleep

    def progress(self) -> Iterator[tuple[int, int]]:
        """Yield the approximate numbers of moved and of all messages, until it is done.

        Raises:
            CommandError: it failed.
        """
        while True:
            for task in self.sqs.list_message_move_tasks(SourceArn=self.source_arn, MaxResults=1)["Results"]:
                yield task.get("ApproximateNumberOfMessagesMoved", 0), task.get("ApproximateNumberOfMessagesToMove", 0)
                if task["Status"] == "FAILED":
                    raise CommandError(f"the move task failed: {task.get('FailureReason', 'SQS gives no reason')}")
                if task["Status"] in ("COMPLETED", "CANCELLED"):
                    return
            self.sleep(POLL_SECONDS)

    def cancel(self) -> int:
        """Cancel it; returns the approximate number of moved messages."""
        answer = self.sqs.cancel_message_move_task(TaskHandle=self.handle)
        return answer.get("ApproximateNumberOfMessagesMoved", 0)


def start(sqs: Any, source_url: str, destination_url: str, per_second: int | None) -> MoveTask:
    """Start moving all messages of a dead-letter queue.

    It names the destination, because SQS cannot tell the source of letters that the function sent.
    """
    source_arn = _arn(sqs, source_url)
    limit = {"MaxNumberOfMessagesPerSecond": per_second} if per_second else {}
    answer = sqs.start_message_move_task(SourceArn=source_arn, DestinationArn=_arn(sqs, destination_url), **limit)
    return MoveTask(sqs=sqs, source_arn=source_arn, handle=answer["TaskHandle"])


def _arn(sqs: Any, queue_url: str) -> str:
    return sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
