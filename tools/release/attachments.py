"""Finds attachments of the stack's policies: IAM deletes no attached policy, so pulumi destroy would fail half-way."""

from collections.abc import Mapping
from typing import Any

POLICIES = ("producerPolicyArn", "readerPolicyArn")  # outputs


class Attached(Exception):
    """A policy of the stack is attached to an identity outside the stack."""


def refuse_attached(iam: Any, outputs: Mapping[str, Any]) -> None:
    """Refuse to delete a stack if its deletion would fail half-way.

    Raises:
        Attached: names each user, group and role, before anything is deleted.
        ClientError: IAM refuses to list them (iam:ListEntitiesForPolicy).
    """
    policies = [outputs[name] for name in POLICIES if name in outputs]  # none if it was never deployed
    found = {policy: _holders(iam, policy) for policy in policies}
    attached = [f"{policy} is attached to {', '.join(holders)}" for policy, holders in found.items() if holders]
    if attached:
        raise Attached(
            f"{'; '.join(attached)}. IAM would refuse to delete that half-way through. "
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
