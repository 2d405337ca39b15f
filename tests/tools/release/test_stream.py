"""The real Pulumi CLI switches the table's stream on and off, and keeps the table and its results."""

import json

import pytest

from tests.tools.release.engine import Stack, why_not
from tests.tools.release.test_engine import on_stand_ins, stack
from tools.project import PROJECT

__all__ = ["stack"]  # the fixture

pytestmark = [
    pytest.mark.skipif(bool(reason := why_not()), reason=reason or "nothing is missing"),
    on_stand_ins,
    pytest.mark.slow(reason="deploys a stack with the real CLI"),
]
HELD = {"id": {"S": "before"}}


def test_switching_the_stream_keeps_the_table_and_its_results(stack: Stack) -> None:
    dynamodb, streams = stack.cloud.client("dynamodb"), stack.cloud.client("dynamodbstreams")

    def up(stream: str) -> None:
        """Update with a preview and the policy pack, as `make up` does."""
        set_ = ("--config", f"{PROJECT}:resultStream={stream}")
        stack.run("pulumi", "up", "--yes", "--policy-pack", "policy", "--stack", "dev", *set_)

    def outputs() -> dict[str, str]:
        return json.loads(stack.run("pulumi", "stack", "output", "--json", "--stack", "dev"))

    def reader_policy() -> str:
        (policy,) = [r for r in stack.resources() if r["urn"].endswith("::results-reader")]
        return str(policy["inputs"]["policy"])

    up("false")
    table, policy = outputs()["tableName"], outputs()["readerPolicyArn"]
    dynamodb.put_item(TableName=table, Item=HELD)
    without = reader_policy()
    assert ("resultStreamArn" in outputs(), "stream" in without.lower()) == (False, False)

    up("true")
    arn = outputs()["resultStreamArn"]
    assert streams.describe_stream(StreamArn=arn)["StreamDescription"]["StreamViewType"] == "NEW_IMAGE"
    assert arn in reader_policy()

    up("false")
    assert "StreamSpecification" not in dynamodb.describe_table(TableName=table)["Table"]
    assert "resultStreamArn" not in outputs()
    assert reader_policy() == without
    assert (outputs()["tableName"], outputs()["readerPolicyArn"]) == (table, policy)
    assert dynamodb.get_item(TableName=table, Key=HELD)["Item"] == HELD
