"""The deployed handler, broken: it overwrites whatever the table holds."""

from typing import Any

from function.handler import consumer
from function.handler import handler as deployed

client = consumer.store.client
put_item = client.put_item
client.put_item = lambda **given: put_item(TableName=given["TableName"], Item=given["Item"])


def handler(event: dict[str, Any], context: Any) -> Any:
    return deployed(event, context)
