"""Dead letters back to the queue, by SQS itself (a message move task)."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from sentiment.errors import CommandError

MAX_PER_SECOND = 500  # of a message move task
POLL_SECONDS = 2.0


@dataclass(frozen=True, kw_only=True)
class MoveTask:
    """A message move task that runs in SQS, whether or not this process does.

    Attributes:
        sqs: boto3 client.
        source_arn: the dead-letter queue.
        handle: for cancelling it.
    """

    sqs: Any
    source_arn: str
    handle: str
    sleep: Callable[[float], None] = time.sleep

    def progress(self) -> Iterator[tuple[int, int]]:
        """About how many messages are moved, and of how many, until it is done.

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
        """Stop it; returns about how many messages were moved."""
        answer = self.sqs.cancel_message_move_task(TaskHandle=self.handle)
        return answer.get("ApproximateNumberOfMessagesMoved", 0)


def start(sqs: Any, source_url: str, destination_url: str, per_second: int | None) -> MoveTask:
    """Start moving all messages of a dead-letter queue.

    The destination is named, since SQS cannot tell where the letters that the function sent came from.
    """
    source_arn = _arn(sqs, source_url)
    limit = {"MaxNumberOfMessagesPerSecond": per_second} if per_second else {}
    answer = sqs.start_message_move_task(SourceArn=source_arn, DestinationArn=_arn(sqs, destination_url), **limit)
    return MoveTask(sqs=sqs, source_arn=source_arn, handle=answer["TaskHandle"])


def _arn(sqs: Any, queue_url: str) -> str:
    return sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
