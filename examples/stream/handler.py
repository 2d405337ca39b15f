"""A Lambda function on the results table's stream: opens a task, in a table of your own, for every negative text."""

import logging
import os
from contextlib import suppress
from typing import Any

import boto3

dynamodb = boto3.client("dynamodb")


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Take the records in their order, up to the first that fails; Lambda calls again from that one on."""
    for record in event["Records"]:
        result = record["dynamodb"].get("NewImage")  # none where DynamoDB deleted an expired result
        try:
            if result and result["sentiment"]["S"] == "NEGATIVE":
                open_task(result)
        except Exception:
            logging.exception("failed: %s", record["eventID"])
            return {"batchItemFailures": [{"itemIdentifier": record["dynamodb"]["SequenceNumber"]}]}
    return {"batchItemFailures": []}


def open_task(result: dict[str, Any]) -> None:
    """Once for a text, however often its record comes: a repeat opens no task again that somebody has closed."""
    with suppress(dynamodb.exceptions.ConditionalCheckFailedException):
        dynamodb.put_item(
            TableName=os.environ["TASKS_TABLE"],
            Item={"id": result["id"], "sent_at": result["sent_at"], "task": {"S": "open"}},
            ConditionExpression="attribute_not_exists(id) OR sent_at < :sent_at",
            ExpressionAttributeValues={":sent_at": result["sent_at"]},
        )
