"""Enforces IAM policies in moto, and corrects moto where it is wrong.

It has limits. It evaluates no conditions and no resource policies; queue_policy.py evaluates those of queues. SQS uses
no key, so a test shows only what `UseQueueKey` allows, not that the stack needs it. Nothing in the pipeline calls
`sqs:GetQueueAttributes`, which Lambda requires of the role of an event source mapping.
"""

import json
import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Self
from urllib.request import urlopen

import pytest
from botocore.exceptions import ClientError
from botocore.parsers import ResponseParserError
from moto.core.authorization import enable_iam_authentication
from moto.dynamodb.responses import DynamoHandler
from moto.dynamodbstreams.responses import DynamoDBStreamsHandler
from moto.iam.access_control import IAMRequest
from moto.kms.responses import KmsResponse
from moto.logs.responses import LogsResponse
from moto.server import ThreadedMotoServer

from tools.local.cloud import HOST, Cloud


class CloudHere(Cloud):
    """The embedded cloud in this process, where tests can correct its IAM."""

    def __enter__(self) -> Self:
        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        self._server = ThreadedMotoServer(ip_address=HOST, port=self._port, verbose=False)
        self._server.start()
        self.url = "http://{}:{}".format(*self._server.get_host_and_port())
        return self

    def __exit__(self, *_: object) -> None:
        urlopen(f"{self.url}/moto-api/reset", data=b"").close()  # moto keeps its state for the whole process
        self._server.stop()


@contextmanager
def enforced() -> Iterator[None]:
    """Inside the block, every call needs credentials that moto issued, and their policies must allow it."""
    with pytest.MonkeyPatch.context() as patch:
        # moto uses "*" as the resource of these services, which no scoped policy allows.
        patch.setattr(DynamoHandler, "_determine_resource", _table_arn, raising=False)
        patch.setattr(DynamoDBStreamsHandler, "_determine_resource", _stream_arn, raising=False)
        patch.setattr(LogsResponse, "_determine_resource", _log_stream_arn, raising=False)
        patch.setattr(KmsResponse, "_determine_resource", _key_arn, raising=False)
        # moto gets the signatures of Lambda's calls wrong; the access key alone identifies the caller.
        patch.setattr(IAMRequest, "check_signature", lambda self: None)
        patch.setattr(IAMRequest, "check_action_permitted", _by_iams_name(IAMRequest.check_action_permitted))
        with enable_iam_authentication():
            yield


def _table_arn(self: Any) -> str:
    given = json.loads(self.raw_body or "{}")
    name = given.get("TableName") or next(iter(given.get("RequestItems", {})), None)
    return f"arn:aws:dynamodb:{self.region}:{self.current_account}:table/{name}" if name else "*"


def _stream_arn(self: Any) -> str:
    given = json.loads(self.raw_body or "{}")
    return given.get("StreamArn") or given.get("ShardIterator", "*").partition("|")[0]


def _log_stream_arn(self: Any) -> str:
    given = json.loads(self.raw_body or "{}")
    group = f"arn:aws:logs:{self.region}:{self.current_account}:log-group:{given.get('logGroupName')}"
    return f"{group}:log-stream:{given['logStreamName']}" if "logStreamName" in given else group


def _key_arn(self: Any) -> str:
    return json.loads(self.raw_body or "{}").get("KeyId") or "*"


def _by_iams_name(check: Any) -> Any:
    """Translates moto's action names into IAM's.

    In IAM, SQS's batch actions have the name of the single action, and streams belong to DynamoDB. moto drops X-Ray's
    verb.
    """

    def checked(self: Any, resource: str) -> None:
        self._action = re.sub("^(sqs:.*)Batch$", r"\1", self._action)
        self._action = re.sub("^dynamodbstreams:", "dynamodb:", self._action)
        self._action = re.sub("^xray:(?=TraceSegments|TelemetryRecords)", "xray:Put", self._action)
        check(self, resource)

    return checked


def allowed(client: Any, operation: str, **arguments: Any) -> bool:
    """Whether IAM lets a call through, even if the call fails afterwards."""
    try:
        getattr(client, operation)(**arguments)
    except ClientError as error:
        # moto answers in XML under every protocol; botocore does not parse that where it expects JSON.
        return "AccessDenied" not in str(error.response)
    except ResponseParserError:
        return True  # moto failed after IAM let the call through
    return True


def user(cloud: Cloud, name: str, policy_arn: str) -> dict[str, str]:
    """The credentials of a new user with one managed policy, as the variables that AWS's SDKs read."""
    iam = cloud.client("iam")
    iam.create_user(UserName=name)
    iam.attach_user_policy(UserName=name, PolicyArn=policy_arn)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}
