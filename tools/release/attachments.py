"""Who was given the stack's policies: IAM deletes no policy that is attached, and pulumi destroy would end there."""

from collections.abc import Mapping
from typing import Any

POLICIES = ("producerPolicyArn", "readerPolicyArn")  # outputs


class Attached(Exception):
    """A policy of the stack is attached to somebody whom the stack does not own."""


def refuse_attached(iam: Any, outputs: Mapping[str, Any]) -> None:
    """Do nothing if the stack can be deleted whole.

    Raises:
        Attached: naming each user, group and role, before anything is deleted.
        ClientError: IAM does not say (iam:ListEntitiesForPolicy).
    """
    policies = [outputs[name] for name in POLICIES if name in outputs]  # none of a stack that was never deployed
    found = {policy: _holders(iam, policy) for policy in policies}
    attached = [f"{policy} is attached to {', '.join(holders)}" for policy, holders in found.items() if holders]
    if attached:
        raise Attached(
            f"{'; '.join(attached)}. IAM would refuse to delete what is attached after much else is gone. "
            "Nothing was deleted. Detach it first (aws iam detach-role-policy), and destroy again"
        )


def _holders(iam: Any, policy: str) -> list[str]:
    try:
        pages = list(iam.get_paginator("list_entities_for_policy").paginate(PolicyArn=policy))
    except iam.exceptions.NoSuchEntityException:
        return []  # deleted by hand
    return [
        f"{kind.lower()} {holder[f'{kind}Name']}"
        for page in pages
        for kind in ("User", "Group", "Role")
        for holder in page[f"Policy{kind}s"]
    ]
