"""moto's enforcement of IAM policies, where it is wrong put right.

What it cannot show: conditions and resource policies are not evaluated (those of queues are by queue_policy.py), SQS
uses no key (so not that `UseQueueKey` is needed, only what it allows), and nobody asks for `sqs:GetQueueAttributes`,
which Lambda wants of the role of an event source mapping.
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
    """The embedded cloud in this process, where its IAM can be put right."""

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
    """Within, every call needs credentials that moto gave out, and their policies must allow it."""
    with pytest.MonkeyPatch.context() as patch:
        # moto takes "*" for the resource of these services, which a policy that is scoped does not allow.
        patch.setattr(DynamoHandler, "_determine_resource", _table_arn, raising=False)
        patch.setattr(DynamoDBStreamsHandler, "_determine_resource", _stream_arn, raising=False)
        patch.setattr(LogsResponse, "_determine_resource", _log_stream_arn, raising=False)
        patch.setattr(KmsResponse, "_determine_resource", _key_arn, raising=False)
        # It gets the signatures of Lambda's calls wrong; the key alone says whose a call is.
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
    """IAM has no batch actions of SQS, as who may do a thing may do it in batches, and counts streams to DynamoDB; and
    moto cuts X-Ray's verb.
    """

    def checked(self: Any, resource: str) -> None:
        self._action = re.sub("^(sqs:.*)Batch$", r"\1", self._action)
        self._action = re.sub("^dynamodbstreams:", "dynamodb:", self._action)
        self._action = re.sub("^xray:(?=TraceSegments|TelemetryRecords)", "xray:Put", self._action)
        check(self, resource)

    return checked


def allowed(client: Any, operation: str, **arguments: Any) -> bool:
    """Whether IAM lets a call through, whatever becomes of it then."""
    try:
        getattr(client, operation)(**arguments)
    except ClientError as error:
        # moto answers in XML, whichever the protocol: botocore leaves that unread where it expects JSON.
        return "AccessDenied" not in str(error.response)
    except ResponseParserError:
        return True  # moto fell over, behind IAM
    return True


def user(cloud: Cloud, name: str, policy_arn: str) -> dict[str, str]:
    """The credentials of a new user with one managed policy, as the variables that AWS's SDKs read."""
    iam = cloud.client("iam")
    iam.create_user(UserName=name)
    iam.attach_user_policy(UserName=name, PolicyArn=policy_arn)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}
