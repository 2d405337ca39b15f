"""Sends known texts through a stack's queue and waits for their results."""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sentiment_contract.results import TABLE_KEY

POLL_SECONDS = 1.0


@dataclass
class Report:
    """
    Attributes:
        right, wrong: texts; for the wrong ones, the answer and its model.
        missing: texts without a result in time.
        ahead: other messages still waiting when patience ran out; 0 if none were ahead.
        seconds: from the first send to the last poll.
    """

    right: list[str] = field(default_factory=list)
    wrong: dict[str, str] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    ahead: int = 0
    seconds: float = 0.0


def is_paused(lambda_: Any, alias_arn: str) -> bool:
    """Whether the queue's event source mapping is disabled, as with `consume: false`.

    Raises:
        LookupError: the alias has no event source mapping.
    """
    states = [m["State"] for m in lambda_.list_event_source_mappings(FunctionName=alias_arn)["EventSourceMappings"]]
    if not states:
        raise LookupError(f"no event source mapping feeds {alias_arn}")
    return all(state in ("Disabled", "Disabling") for state in states)


def send_through(
    sqs: Any,
    dynamodb: Any,
    queue_url: str,
    table_name: str,
    expected: Mapping[str, str],
    patience_s: float,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> Report:
    """Send the texts in `expected` (text -> label) and compare the stored results.

    The ids are always the same, so all runs leave only these items in the table. Each text carries the time of its
    run, and only a result that is as new counts. Two concurrent runs both see the newer one's results.

    Patience runs out after `patience_s` seconds if other messages are then waiting (`ahead`), or else after
    `patience_s` seconds without other messages: only then has the pipeline lost the texts.

    Raises:
        ClientError, BotoCoreError: the queue or the table cannot be used.
    """
    began = clock()
    sent_at = datetime.now(UTC)
    texts = {f"smoke-{number}": text for number, text in enumerate(expected, start=1)}
    items = [{"id": key, "text": text, "timestamp": sent_at.isoformat()} for key, text in texts.items()]
    bodies = (*items[:-2], {"items": items[-2:]})
    for body in bodies:
        sqs.send_message(QueueUrl=queue_url, MessageBody=json.dumps(body))
    report = Report(missing=list(texts.values()))
    clear_since = began
    while True:
        for item_id, text in texts.items():
            if text in report.missing and (item := _result(dynamodb, table_name, item_id, sent_at)):
                report.missing.remove(text)
                label = item["sentiment"]["S"]
                if label == expected[text]:
                    report.right.append(text)
                else:
                    report.wrong[text] = f"{label}, by {item['model_id']['S']} {item['model_revision']['S']}"
        now = clock()
        report.seconds = now - began
        if not report.missing:
            return report
        if waiting := max(0, _waiting(sqs, queue_url) - len(bodies)):
            clear_since = now
            if report.seconds > patience_s:
                report.ahead = waiting
                return report
        elif now - clear_since > patience_s:
            return report
        sleep(POLL_SECONDS)


def _waiting(sqs: Any, queue_url: str) -> int:
    name = "ApproximateNumberOfMessages"
    return int(sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=[name])["Attributes"][name])


def _result(dynamodb: Any, table_name: str, item_id: str, since: datetime) -> dict[str, Any] | None:
    answer = dynamodb.get_item(TableName=table_name, Key={TABLE_KEY: {"S": item_id}}, ConsistentRead=True)
    item: dict[str, Any] | None = answer.get("Item")
    return item if item and datetime.fromisoformat(item["sent_at"]["S"]) >= since else None
