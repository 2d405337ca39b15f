"""The stream's page: its Pulumi programs register the resources they show, and their filter matches as stated."""

import json
import re
from typing import Any

import pulumi
import pulumi_aws as aws

from tools.local.program import ROOT

ARN = "arn:aws:dynamodb:us-west-2:123456789012:table/results/stream/2026-11-26T09:00:00.000"
OUTPUTS = {"resultStreamArn": ARN, "readerPolicyArn": "arn:aws:iam::123456789012:policy/reader"}


class Cloud(pulumi.runtime.Mocks):
    def __init__(self) -> None:
        self.made: dict[str, dict[str, Any]] = {}

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        self.made[args.typ] = args.inputs
        return f"{args.name}-id", {**args.inputs, "arn": f"arn:{args.name}", "outputs": OUTPUTS}

    def call(self, args: pulumi.runtime.MockCallArgs) -> dict[str, Any]:  # type: ignore[override]
        raise NotImplementedError


def shown() -> dict[str, dict[str, Any]]:
    """The resources that the page's programs register, by type."""
    blocks = re.findall(r"^```python\n(.*?)^```", (ROOT / "docs" / "stream.md").read_text(), re.MULTILINE | re.DOTALL)
    blocks.sort(key=lambda block: not block.startswith("NEGATIVE"))  # the page shows it after the block that uses it
    cloud = Cloud()
    pulumi.runtime.set_mocks(cloud)

    @pulumi.runtime.test
    def program() -> None:
        role = aws.iam.Role("role", assume_role_policy="{}")
        queues = {name: aws.sqs.Queue(name) for name in ("queue", "failed")}
        function = aws.lambda_.Function("function", role=role.arn)
        exec(
            "".join(blocks), {"json": json, "pulumi": pulumi, "aws": aws, "role": role, "function": function, **queues}
        )

    program()
    return cloud.made


def passes(pattern: Any, event: Any) -> bool:
    """Match as EventBridge does: the event has every key of the pattern, with one of the listed values."""
    if isinstance(pattern, dict):
        return isinstance(event, dict) and all(passes(each, event.get(key)) for key, each in pattern.items())
    return event in pattern


def test_the_function_and_the_pipe_read_the_stream_and_limit_retries() -> None:
    made = shown()
    assert made["aws:iam/rolePolicyAttachment:RolePolicyAttachment"]["policyArn"] == OUTPUTS["readerPolicyArn"]
    mapping, pipe = made["aws:lambda/eventSourceMapping:EventSourceMapping"], made["aws:pipes/pipe:Pipe"]
    of_pipe = pipe["sourceParameters"]["dynamodbStreamParameters"]
    assert mapping["eventSourceArn"] == pipe["source"] == ARN
    assert mapping["functionResponseTypes"] == ["ReportBatchItemFailures"]
    assert mapping["maximumRetryAttempts"] == of_pipe["maximumRetryAttempts"] > 0
    assert (
        mapping["destinationConfig"]["onFailure"]["destinationArn"]
        == of_pipe["deadLetterConfig"]["arn"]
        == "arn:failed"
    )


def test_the_filter_passes_only_new_negative_results() -> None:
    made = shown()
    filters = [
        made["aws:lambda/eventSourceMapping:EventSourceMapping"]["filterCriteria"],
        made["aws:pipes/pipe:Pipe"]["sourceParameters"]["filterCriteria"],
    ]
    (pattern,) = {each["filters"][0]["pattern"] for each in filters}

    def record(event: str, **image: str) -> dict[str, Any]:
        new = {"NewImage": {name: {"S": value} for name, value in image.items()}} if image else {}
        return {"eventName": event, "dynamodb": {"Keys": {"id": {"S": "1"}}, **new}}

    assert passes(json.loads(pattern), record("INSERT", id="1", sentiment="NEGATIVE"))
    assert passes(json.loads(pattern), record("MODIFY", id="1", sentiment="NEGATIVE"))
    assert not passes(json.loads(pattern), record("INSERT", id="1", sentiment="POSITIVE"))
    assert not passes(json.loads(pattern), record("REMOVE"))
