"""The statements in resources' JSON policies."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from policy.rule import Props, as_list

HOLDERS = ("policy", "assumeRolePolicy")
QUEUE_POLICY = "aws:sqs/queuePolicy:QueuePolicy"
TOPIC_POLICY = "aws:sns/topicPolicy:TopicPolicy"

Statement = Mapping[str, Any]


def statements(resource: Props) -> Iterator[Statement]:
    """The statements of every JSON policy in a resource."""
    inline = [policy.get("policy") for policy in resource.get("inlinePolicies") or []]
    for text in [*(resource.get(name) for name in HOLDERS), *inline]:
        if isinstance(text, str) and text:
            yield from as_list(json.loads(text).get("Statement"))  # an ECR lifecycle policy has none


def allowed(resource: Props) -> Iterator[Statement]:
    return (statement for statement in statements(resource) if statement["Effect"] == "Allow")


def sid(statement: Statement) -> str:
    return statement.get("Sid") or "without a Sid"
