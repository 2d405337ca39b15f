"""Who was given the producers' policy: IAM deletes no policy that is attached, and pulumi destroy would end there."""

from collections.abc import Mapping
from typing import Any


class Attached(Exception):
    """The stack's policy for producers is attached to somebody whom the stack does not own."""


def refuse_attached(iam: Any, outputs: Mapping[str, Any]) -> None:
    """Do nothing if the stack can be deleted whole.

    Raises:
        Attached: naming each user, group and role, before anything is deleted.
        ClientError: IAM does not say (iam:ListEntitiesForPolicy).
    """
    policy = outputs.get("producerPolicyArn")
    if not policy:  # never deployed
        return
    try:
        pages = list(iam.get_paginator("list_entities_for_policy").paginate(PolicyArn=policy))
    except iam.exceptions.NoSuchEntityException:
        return  # deleted by hand
    found = [
        f"{kind.lower()} {holder[f'{kind}Name']}"
        for page in pages
        for kind in ("User", "Group", "Role")
        for holder in page[f"Policy{kind}s"]
    ]
    if found:
        raise Attached(
            f"{policy} is attached to {', '.join(found)}, so IAM would refuse to delete it after much else is gone. "
            "Nothing was deleted. Detach it first (aws iam detach-role-policy), and destroy again"
        )
