"""A stack on which IAM checks every call: the function has its role's credentials, other callers have a policy's."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from unittest.mock import patch

from moto.iam.models import iam_backends

from tests.components.privilege.iam import CloudHere, enforced, user
from tests.components.privilege.queue_policy import judged
from tests.function.aws import create_table
from tests.stacks import DEV
from tools.local.program import StackFile
from tools.local.stack import LocalPipeline

KEY_ARN = "arn:aws:kms:us-west-2:123456789012:key/0a1b2c3d-0000-4000-8000-0123456789ab"
EVERYTHING = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
OTHER = "other"  # name of a table, a queue, a log group and a role that do not belong to the stack


@dataclass
class Guarded:
    """
    Attributes:
        local: the stack; its clients have an administrator's credentials.
        function, producer, reader, admin: each makes a client for a service with its own credentials.
    """

    local: LocalPipeline
    function: Callable[[str], Any]
    producer: Callable[[str], Any]
    reader: Callable[[str], Any]
    admin: Callable[[str], Any]

    def elsewhere(self, account: str, policy: dict[str, Any]) -> Callable[[str], Any]:
        """Creates a role with this policy in another account, and returns a factory of clients with its credentials."""
        iam = iam_backends[account]["aws"]
        name = f"role-{len(iam.roles)}"
        role = iam.create_role(name, json.dumps(EVERYTHING), "/", None, "", [], None)
        iam.put_role_policy(name, "policy", json.dumps(policy))
        given = self.admin("sts").assume_role(RoleArn=role.arn, RoleSessionName="any")["Credentials"]
        credentials = {
            "AWS_ACCESS_KEY_ID": given["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": given["SecretAccessKey"],
            "AWS_SESSION_TOKEN": given["SessionToken"],
        }
        return lambda service: self.local.cloud.client(service, credentials)

    @cached_property
    def role_policy(self) -> tuple[str, str, dict[str, Any]]:
        """The names of the function's role and of its policy, and the policy as the program registers it."""
        given = self.local.recording.one("aws:iam/rolePolicy:RolePolicy")
        role = given.inputs["role"]
        (name,) = self.admin("iam").list_role_policies(RoleName=role)["PolicyNames"]
        return role, name, json.loads(given.inputs["policy"])

    @contextmanager
    def with_policy(self, document: dict[str, Any]) -> Iterator[None]:
        """Inside the block, the function's role has this policy instead of its own."""
        role, name, own = self.role_policy
        iam = self.admin("iam")
        iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=json.dumps(document))
        try:
            yield
        finally:
            iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=json.dumps(own))


@contextmanager
def guarded(stack: StackFile = DEV, **config: Any) -> Iterator[Guarded]:
    with (
        patch("tools.local.stack.Cloud", CloudHere),
        LocalPipeline(stack, batchWindowSeconds=1, **config) as local,
    ):
        cloud = local.cloud
        iam = cloud.client("iam")
        everything = iam.create_policy(PolicyName="everything", PolicyDocument=json.dumps(EVERYTHING))["Policy"]["Arn"]
        admin = user(cloud, "admin", everything)
        producer = user(cloud, "producer", local.recording.outputs["producerPolicyArn"])
        reader = user(cloud, "reader", local.recording.outputs["readerPolicyArn"])
        create_table(local.dynamodb, OTHER)
        stream = {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}
        local.dynamodb.update_table(TableName=OTHER, StreamSpecification=stream)
        local.sqs.create_queue(QueueName=OTHER)
        cloud.client("logs").create_log_group(logGroupName=OTHER)
        iam.create_role(RoleName=OTHER, AssumeRolePolicyDocument=json.dumps(EVERYTHING))
        local.sqs, local.dynamodb = cloud.client("sqs", admin), cloud.client("dynamodb", admin)
        with enforced(), judged():
            yield Guarded(
                local,
                local.role_client,
                lambda service: cloud.client(service, producer),
                lambda service: cloud.client(service, reader),
                lambda service: cloud.client(service, admin),
            )
