"""Sends known texts and waits for the right results."""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sentiment_contract.results import TABLE_KEY

# Short and plain, so that any sentiment model worth deploying gets them right; one message holds the last two.
TEXTS = {
    "smoke-1": ("This is amazing! I love it.", "POSITIVE"),
    "smoke-2": ("Terrible, worst experience ever.", "NEGATIVE"),
    "smoke-3": ("Great little café!", "POSITIVE"),
    "smoke-4": ("It broke twice in a week, so I gave up.", "NEGATIVE"),
}
POLL_SECONDS = 1.0


@dataclass
class Report:
    """
    Attributes:
        right, wrong: ids, and for the wrong ones what was answered.
        missing: ids without a result in time.
        seconds: from the first send to the last result.
    """

    right: list[str] = field(default_factory=list)
    wrong: dict[str, str] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def passed(self) -> bool:
        return not self.wrong and not self.missing


def check(
    sqs: Any,
    dynamodb: Any,
    queue_url: str,
    table_name: str,
    patience_s: float,
    texts: Mapping[str, tuple[str, str]] = TEXTS,
    sleep: Callable[[float], None] = time.sleep,
) -> Report:
    """Send `texts` (id -> text, expected label) and compare what is stored.

    The ids are always the same, so runs leave no more than these items in the table; each text carries the time of its
    run, and only a result that is as new counts. Of two runs at once both see the newer one's results.

    Raises:
        ClientError, BotoCoreError: the queue or the table cannot be used.
    """
    began = time.monotonic()
    sent_at = datetime.now(UTC)
    items = [{"id": key, "text": text, "timestamp": sent_at.isoformat()} for key, (text, _) in texts.items()]
    for body in (*items[:-2], {"items": items[-2:]}):
        sqs.send_message(QueueUrl=queue_url, MessageBody=json.dumps(body))
    report = Report(missing=list(texts))
    while True:
        for item_id in list(report.missing):
            if label := _label(dynamodb, table_name, item_id, sent_at):
                report.missing.remove(item_id)
                if label == texts[item_id][1]:
                    report.right.append(item_id)
                else:
                    report.wrong[item_id] = label
        report.seconds = time.monotonic() - began
        if not report.missing or report.seconds > patience_s:
            return report
        sleep(POLL_SECONDS)


def _label(dynamodb: Any, table_name: str, item_id: str, since: datetime) -> str | None:
    answer = dynamodb.get_item(TableName=table_name, Key={TABLE_KEY: {"S": item_id}}, ConsistentRead=True)
    item = answer.get("Item")
    if item is None or datetime.fromisoformat(item["sent_at"]["S"]) < since:
        return None
    return item["sentiment"]["S"]
