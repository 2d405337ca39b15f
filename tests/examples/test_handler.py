"""The Lambda handler on the page handles every kind of record."""

import importlib
import sys
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest

from tests.function.aws import Aws, moto_aws

NEW, OLD = "2026-11-02T09:00:00.000000+00:00", "2026-11-01T09:00:00.000000+00:00"


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[Aws]:
    with moto_aws() as given:
        tasks = given.fresh()
        for name, value in (*tasks.variables().items(), ("TASKS_TABLE", tasks.table)):
            monkeypatch.setenv(name, value)
        yield tasks


@pytest.fixture
def example(aws: Aws) -> ModuleType:
    sys.modules.pop("handler", None)  # its client belongs to the cloud of an earlier test
    return importlib.import_module("handler")


def record(number: int, event: str = "INSERT", **image: str) -> dict[str, Any]:
    new = {"NewImage": {name: {"S": value} for name, value in image.items()}} if image else {}
    return {"eventID": str(number), "eventName": event, "dynamodb": {"SequenceNumber": str(number), **new}}


def negative(number: int, item_id: str, sent_at: str, event: str = "INSERT") -> dict[str, Any]:
    return record(number, event, id=item_id, sent_at=sent_at, sentiment="NEGATIVE")


def test_a_negative_text_opens_a_task_and_nothing_else_does(example: ModuleType, aws: Aws) -> None:
    records = [
        negative(1, "a", NEW),
        record(2, id="b", sent_at=NEW, sentiment="POSITIVE"),
        record(3, "REMOVE"),
        negative(4, "c", NEW, "MODIFY"),
    ]
    assert example.handler({"Records": records}, None) == {"batchItemFailures": []}
    assert {item_id: task["task"] for item_id, task in aws.results().items()} == {"a": "open", "c": "open"}


def test_a_newer_text_reopens_a_closed_task_and_a_repeat_does_not(example: ModuleType, aws: Aws) -> None:
    example.handler({"Records": [negative(1, "a", OLD)]}, None)
    closed = {"id": {"S": "a"}, "sent_at": {"S": OLD}, "task": {"S": "closed"}}
    aws.dynamodb.put_item(TableName=aws.table, Item=closed)
    example.handler({"Records": [negative(1, "a", OLD)]}, None)
    assert aws.results()["a"]["task"] == "closed"
    example.handler({"Records": [negative(2, "a", NEW, "MODIFY")]}, None)
    assert (aws.results()["a"]["task"], aws.results()["a"]["sent_at"]) == ("open", NEW)


def test_the_first_failing_record_is_named_and_later_ones_are_not_handled(example: ModuleType, aws: Aws) -> None:
    records = [negative(1, "a", NEW), record(2, id="b"), negative(3, "c", NEW)]
    assert example.handler({"Records": records}, None) == {"batchItemFailures": [{"itemIdentifier": "2"}]}
    assert set(aws.results()) == {"a"}
