"""The fuzz target gives the handler any bytes: as a message between two good ones and, if JSON, as event parts."""

import contextlib
import json
from collections.abc import Callable
from dataclasses import replace
from types import ModuleType
from typing import Any

from sentiment_contract.messages import parse_body
from tests.function.aws import CONTEXT, FakeClassifier, record
from tests.function.strategies import NOW


class Memory:
    """Stands in for DynamoDB and SQS: keeps the ids that were stored and the bodies that were dead-lettered."""

    def __init__(self) -> None:
        self.stored: set[str] = set()
        self.dead: list[str] = []

    def put_item(self, **given: Any) -> None:
        json.dumps(given, ensure_ascii=False).encode()  # as boto3 would send it
        self.stored.add(given["Item"]["id"]["S"])

    def send_message(self, **given: Any) -> None:
        json.dumps(given, ensure_ascii=False).encode()
        self.dead.append(given["MessageBody"])


def target(module: ModuleType) -> Callable[[bytes], None]:
    """Returns the function to fuzz. Replaces the clients and the classifier of the handler's module by fast ones.

    The returned function raises AssertionError if a record does not have exactly one outcome or affects a neighbour. It
    lets any exception through that the handler should have caught.
    """
    module.classifier = FakeClassifier()
    original = module.consumer

    def answer(event: Any) -> tuple[Any, Memory]:
        memory = Memory()
        module.consumer = replace(
            original,
            classifier=module.classifier,
            store=replace(original.store, client=memory),
            dead_letters=replace(original.dead_letters, client=memory),
        )
        with contextlib.redirect_stdout(None):  # the metrics
            response = module.handler(event, CONTEXT)
        json.dumps(response, ensure_ascii=False, allow_nan=False).encode()
        return response, memory

    def one(data: bytes) -> None:
        body = data.decode(errors="replace")
        first, last = (record(json.dumps({"id": name, "text": "good"}), name) for name in ("first", "last"))
        response, memory = answer({"Records": [first, record(body, "fuzzed"), last]})
        items, faults = parse_body(body, NOW)
        assert response == {"batchItemFailures": []}
        assert memory.stored == {"first", "last", *(item.id for item in items)}
        assert memory.dead == [body] * bool(faults)
        try:
            value = json.loads(data)
        except (ValueError, RecursionError):
            return
        parts = value if isinstance(value, dict) else {"attributes": value, "messageAttributes": value}
        for event in (value, {"items": value}, {"Records": value}, {"Records": [value, {**record("{}"), **parts}]}):
            response, _ = answer(event)
            assert response.keys() & {"statusCode", "batchItemFailures"}

    return one
