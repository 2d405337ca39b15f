"""moto's enforcement of IAM policies, where it is wrong put right.

What it cannot show: conditions and resource policies are not evaluated, no key is used to encrypt (so not that
`UseQueueKey` is needed), and an action's other permissions are not asked for.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto.core.authorization import enable_iam_authentication
from moto.dynamodb.responses import DynamoHandler
from moto.iam.access_control import IAMRequest
from moto.logs.responses import LogsResponse

from local.cloud import Cloud


@contextmanager
def enforced() -> Iterator[None]:
    """Within, every call needs credentials that moto gave out, and their policies must allow it."""
    with pytest.MonkeyPatch.context() as patch:
        # moto takes "*" for the resource of these services, which a policy that is scoped does not allow.
        patch.setattr(DynamoHandler, "_determine_resource", _table_arn, raising=False)
        patch.setattr(LogsResponse, "_determine_resource", _log_stream_arn, raising=False)
        patch.setattr(IAMRequest, "check_action_permitted", _with_iams_name(IAMRequest.check_action_permitted))
        with enable_iam_authentication():
            yield


def _table_arn(self: Any) -> str:
    name = json.loads(self.raw_body or "{}").get("TableName")
    return f"arn:aws:dynamodb:{self.region}:{self.current_account}:table/{name}" if name else "*"


def _log_stream_arn(self: Any) -> str:
    given = json.loads(self.raw_body or "{}")
    group = f"arn:aws:logs:{self.region}:{self.current_account}:log-group:{given.get('logGroupName')}"
    return f"{group}:log-stream:{given['logStreamName']}" if "logStreamName" in given else group


def _with_iams_name(check: Any) -> Any:
    """IAM knows no batch actions of SQS, and X-Ray's paths lack the verb."""

    def checked(self: Any, resource: str) -> None:
        service, _, operation = self._action.partition(":")
        if service == "sqs":
            operation = operation.removesuffix("Batch")
        if service == "xray" and operation in ("TraceSegments", "TelemetryRecords"):
            operation = f"Put{operation}"
        self._action = f"{service}:{operation}"
        check(self, resource)

    return checked


def user(cloud: Cloud, name: str, policy_arn: str) -> dict[str, str]:
    """The credentials of a new user with one managed policy, as the variables that AWS's SDKs read."""
    iam = cloud.client("iam")
    iam.create_user(UserName=name)
    iam.attach_user_policy(UserName=name, PolicyArn=policy_arn)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}


def denied_action(client: Any, operation: str, **arguments: Any) -> str:
    """The action that IAM denies when this is called.

    Raises:
        AssertionError: the call was allowed, or failed for another reason.
    """
    try:
        getattr(client, operation)(**arguments)
    except ClientError as error:
        # moto answers in XML, whichever the protocol: botocore leaves that unread where it expects JSON.
        said = str(error.response)
        assert error.response["ResponseMetadata"]["HTTPStatusCode"] == 403, said
        return said
    raise AssertionError(f"{operation} was allowed")
