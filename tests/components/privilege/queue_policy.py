"""Evaluates a queue's own policy as IAM does; moto evaluates only the policies of users and roles.

It knows only the elements that our queues' policies use, and fails on any other.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest
from moto.iam.access_control import IAMRequest
from moto.sns.models import Subscription
from moto.sqs.exceptions import QueueDoesNotExist
from moto.sqs.models import sqs_backends
from moto.sqs.responses import SQSResponse

from policy.rule import as_list

OVER_TLS = {"aws:SecureTransport": "true"}  # moto has no TLS; these tests treat its calls as made over TLS
OPERATORS: dict[str, Callable[[str | None, list[str]], bool]] = {
    "Bool": lambda value, wanted: value in wanted,
    "ArnEquals": lambda value, wanted: value in wanted,
    "StringEqualsIfExists": lambda value, wanted: value is None or value in wanted,
}


def verdict(
    policy: Mapping[str, Any], principals: Mapping[str, str], action: str, resource: str, context: Mapping[str, str]
) -> bool | None:
    """A policy's verdict on a call: True allows it, False denies it, None does neither.

    Args:
        principals: the caller, as a policy would name it: `{"AWS": the account's root}` or `{"Service": ...}`.
        context: condition keys of the call.
    """
    effects = {
        statement["Effect"]
        for statement in policy["Statement"]
        if _named(statement["Principal"], principals)
        and {action, f"{action.partition(':')[0]}:*"} & set(as_list(statement["Action"]))
        and resource in as_list(statement["Resource"])
        and all(
            OPERATORS[operator](context.get(key), as_list(wanted))
            for operator, conditions in statement.get("Condition", {}).items()
            for key, wanted in conditions.items()
        )
    }
    return False if "Deny" in effects else True if "Allow" in effects else None


def _named(principal: Any, principals: Mapping[str, str]) -> bool:
    return principal == "*" or any(who in as_list(principal.get(kind)) for kind, who in principals.items())


@contextmanager
def judged() -> Iterator[None]:
    """Inside the block, an SQS call reaches the queue of the account in its URL, and that queue's policy applies."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(SQSResponse, "sqs_backend", property(_backend_of_url))
        patch.setattr(IAMRequest, "check_action_permitted", _by_both(IAMRequest.check_action_permitted))
        patch.setattr(Subscription, "publish", _if_let_in(Subscription.publish))
        yield


def _backend_of_url(self: Any) -> Any:
    account = str(self._get_param("QueueUrl")).rpartition("/")[0].rpartition("/")[2]
    return sqs_backends[account if account.isdigit() else self.current_account][self.region]


def _policy_of(queue_arn: str) -> dict[str, Any]:
    _, _, _, region, account, name = queue_arn.split(":")
    try:
        return json.loads(sqs_backends[account][region].get_queue(name).policy or '{"Statement": []}')
    except QueueDoesNotExist:
        return {"Statement": []}


def _by_both(check: Any) -> Any:
    """In one account the caller's own policy is enough unless the queue's denies the call. Other accounts need both."""

    def checked(self: Any, resource: str) -> None:
        check(self, resource)
        if resource.startswith("arn:aws:sqs:"):
            caller = {"AWS": f"arn:aws:iam::{self.account_id}:root"}
            said = verdict(_policy_of(resource), caller, self._action, resource, OVER_TLS)
            if said is False or (said is None and self.account_id != resource.split(":")[4]):
                self._raise_access_denied()

    return checked


def _if_let_in(publish: Any) -> Any:
    """SNS drops a message that the queue refuses, as it does on every client error."""

    def published(self: Any, *args: Any, **kwargs: Any) -> None:
        account = self.topic.arn.split(":")[4]
        context = {**OVER_TLS, "aws:SourceArn": self.topic.arn, "aws:SourceAccount": account}
        caller = {"Service": "sns.amazonaws.com"}
        if verdict(_policy_of(self.endpoint), caller, "sqs:SendMessage", self.endpoint, context):
            self.account_id = self.endpoint.split(":")[4]  # moto would look for the queue in the topic's account
            publish(self, *args, **kwargs)

    return published
