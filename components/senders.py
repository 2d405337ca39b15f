"""The statements by which the queue's policy lets others than its own account send."""

from collections.abc import Sequence
from typing import Any

import pulumi

SEND = "sqs:SendMessage"


def accounts_send(
    accounts: Sequence[str], partition: pulumi.Input[str], queue_arn: pulumi.Input[str]
) -> dict[str, Any]:
    """Other accounts, each of which decides who of its users and roles may."""
    return {
        "Sid": "AccountsSend",
        "Effect": "Allow",
        "Principal": {"AWS": [pulumi.Output.concat("arn:", partition, ":iam::", id_, ":root") for id_ in accounts]},
        "Action": SEND,
        "Resource": queue_arn,
    }


def topics_send(topic_arns: Sequence[str], queue_arn: pulumi.Input[str]) -> dict[str, Any]:
    """SNS, on behalf of these topics and of no other.

    AWS advises both conditions against the confused deputy, but documents the account for no delivery by SNS. A topic's
    ARN holds its account, so that nothing is lost where SNS does not send it:
    https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html
    """
    return {
        "Sid": "TopicsSend",
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": SEND,
        "Resource": queue_arn,
        "Condition": {
            "ArnEquals": {"aws:SourceArn": list(topic_arns)},
            "StringEqualsIfExists": {"aws:SourceAccount": sorted({arn.split(":")[4] for arn in topic_arns})},
        },
    }
