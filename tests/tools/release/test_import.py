"""The real Pulumi CLI imports an existing queue and table by the steps in docs/accounts.md."""

import json
import re

import pytest

from tests.tools.release.engine import Stack, why_not
from tests.tools.release.test_engine import on_stand_ins, stack
from tools.local.program import ROOT

__all__ = ["stack"]  # the fixture

pytestmark = [
    pytest.mark.skipif(bool(reason := why_not()), reason=reason or "nothing is missing"),
    on_stand_ins,
    pytest.mark.slow(reason="deploys a stack with the real CLI"),
]


def test_an_import_keeps_the_messages_and_results(stack: Stack) -> None:
    sqs, dynamodb = stack.cloud.client("sqs"), stack.cloud.client("dynamodb")
    url = sqs.create_queue(QueueName="texts", Attributes={"VisibilityTimeout": "30"})["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="waits")
    dynamodb.create_table(
        TableName="reviews",
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
    )
    dynamodb.put_item(TableName="reviews", Item={"id": {"S": "old"}})

    (stack.project / "import.json").write_text(documented().replace("QUEUE_URL", url).replace("TABLE_NAME", "reviews"))
    stack.run("pulumi", "import", "--file", "import.json", "--generate-code=false", "--yes", "--stack", "dev")
    stack.up()

    assert sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["VisibilityTimeout"])["Attributes"] != {
        "VisibilityTimeout": "30"
    }
    assert [each["Body"] for each in sqs.receive_message(QueueUrl=url)["Messages"]] == ["waits"]
    assert dynamodb.get_item(TableName="reviews", Key={"id": {"S": "old"}})["Item"]
    found = json.loads(stack.run("pulumi", "stack", "output", "--json", "--stack", "dev"))
    assert (found["queueUrl"], found["tableName"]) == (url, "reviews")
    assert len(dynamodb.list_tables()["TableNames"]) == 1
    assert "unchanged" in stack.run("pulumi", "preview", "--expect-no-changes", "--stack", "dev")


def documented() -> str:
    """The file that the page shows."""
    (file,) = re.findall(r"```json\n(\{\n  \"resources\".*?)```", (ROOT / "docs/accounts.md").read_text(), re.DOTALL)
    return str(file)
