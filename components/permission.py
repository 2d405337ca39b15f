"""IAM permissions as values, which the owner of a resource offers to its users."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pulumi


@dataclass(frozen=True, kw_only=True)
class Permission:
    """One statement of an IAM policy: actions on resources (ARNs), under an optional condition."""

    sid: str
    actions: Sequence[str]
    resources: Sequence[pulumi.Input[str]]
    condition: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


def policy_document(permissions: Sequence[Permission]) -> pulumi.Output[str]:
    """The IAM policy (JSON) that grants exactly these permissions."""
    return pulumi.Output.json_dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Sid": permission.sid,
                    "Effect": "Allow",
                    "Action": list(permission.actions),
                    "Resource": list(permission.resources),
                    **({"Condition": permission.condition} if permission.condition else {}),
                }
                for permission in permissions
            ],
        }
    )


def assume_role_policy(service: str) -> str:
    """The trust policy (JSON) that lets only an AWS service assume a role."""
    return json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}],
        }
    )
