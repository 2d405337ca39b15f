"""A Lambda function for the result stream: opens a task, in your own table, for every negative text."""

import logging
import os
from contextlib import suppress
from typing import Any

import boto3

dynamodb = boto3.client("dynamodb")


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Handle the records in order, up to the first that fails; Lambda retries from that one."""
    for record in event["Records"]:
        result = record["dynamodb"].get("NewImage")  # none if DynamoDB deleted an expired result
        try:
            if result and result["sentiment"]["S"] == "NEGATIVE":
                open_task(result)
        except Exception:
            logging.exception("failed: %s", record["eventID"])
            return {"batchItemFailures": [{"itemIdentifier": record["dynamodb"]["SequenceNumber"]}]}
    return {"batchItemFailures": []}


def open_task(result: dict[str, Any]) -> None:
    """Open one task per text, however often its record arrives: a repeat does not reopen a closed task."""
    with suppress(dynamodb.exceptions.ConditionalCheckFailedException):
        dynamodb.put_item(
            TableName=os.environ["TASKS_TABLE"],
            Item={"id": result["id"], "sent_at": result["sent_at"], "task": {"S": "open"}},
            ConditionExpression="attribute_not_exists(id) OR sent_at < :sent_at",
            ExpressionAttributeValues={":sent_at": result["sent_at"]},
        )
