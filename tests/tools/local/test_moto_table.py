"""moto's table with a lock accepts only one of several concurrent puts."""

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto.dynamodb.models import table

from tests.function.aws import TABLE, moto_aws


def test_the_table_accepts_only_one_of_several_racing_conditional_puts(monkeypatch: pytest.MonkeyPatch) -> None:
    original = table.get_filter_expression

    def late(*given: Any) -> Any:
        time.sleep(0.01)  # moto has read what is there, and has not written yet
        return original(*given)

    monkeypatch.setattr(table, "get_filter_expression", late)
    with moto_aws() as aws, ThreadPoolExecutor(8) as pool:

        def put(item_id: str) -> bool:
            try:
                aws.dynamodb.put_item(
                    TableName=TABLE, Item={"id": {"S": item_id}}, ConditionExpression="attribute_not_exists(id)"
                )
            except ClientError:
                return False
            return True

        taken = list(pool.map(put, [f"id-{n // 8}" for n in range(40)]))
    assert [sum(taken[n : n + 8]) for n in range(0, 40, 8)] == [1] * 5
