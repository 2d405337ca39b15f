"""Adds a lock to moto's DynamoDB, which checks a put's condition and writes in two steps, in several threads."""

import functools
from threading import Lock
from typing import Any

from moto.dynamodb.models import DynamoDBBackend


def install() -> None:
    """Make every put in this process atomic, as in DynamoDB."""
    lock, put = Lock(), DynamoDBBackend.put_item

    @functools.wraps(put)
    def put_alone(*given: Any, **named: Any) -> Any:
        with lock:
            return put(*given, **named)

    if not hasattr(put, "__wrapped__"):
        DynamoDBBackend.put_item = put_alone  # type: ignore[method-assign]
