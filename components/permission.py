"""What the owner of a resource offers to those who use it, as a value."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pulumi


@dataclass(frozen=True, kw_only=True)
class Permission:
    """One statement of an IAM policy: these actions on these resources (ARNs), under a condition if one is given."""

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
    """The trust policy (JSON) that lets an AWS service, and nobody else, take a role."""
    return json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}],
        }
    )
