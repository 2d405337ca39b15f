"""`make destroy` stops if an identity outside the stack still has one of its policies."""

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from components.permission import assume_role_policy
from tools.local.recorder import Recorder
from tools.release.attachments import POLICIES, Attached, refuse_attached

SEND = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "*"}
TRUST = assume_role_policy("lambda.amazonaws.com")


@pytest.fixture
def iam(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    with mock_aws():
        yield boto3.client("iam", region_name="us-west-2")


def outputs(iam: Any) -> dict[str, str]:
    document = json.dumps({"Version": "2012-10-17", "Statement": [SEND]})
    return {
        name: iam.create_policy(PolicyName=name, PolicyDocument=document)["Policy"]["Arn"]
        for name in ("producerPolicyArn", "readerPolicyArn")
    }


def test_the_error_names_every_identity_that_has_the_policy(iam: Any) -> None:
    stack = outputs(iam)
    iam.create_role(RoleName="shop", AssumeRolePolicyDocument=TRUST)
    iam.create_user(UserName="importer")
    iam.create_group(GroupName="analysts")
    iam.attach_role_policy(RoleName="shop", PolicyArn=stack["producerPolicyArn"])
    iam.attach_user_policy(UserName="importer", PolicyArn=stack["producerPolicyArn"])
    iam.attach_group_policy(GroupName="analysts", PolicyArn=stack["producerPolicyArn"])
    with pytest.raises(Attached, match="user importer, group analysts, role shop"):
        refuse_attached(iam, stack)
    iam.detach_user_policy(UserName="importer", PolicyArn=stack["producerPolicyArn"])
    with pytest.raises(Attached, match=r"to group analysts, role shop\."):
        refuse_attached(iam, stack)


def test_the_error_covers_every_policy_of_the_stack(iam: Any) -> None:
    stack = outputs(iam)
    iam.create_role(RoleName="shop", AssumeRolePolicyDocument=TRUST)
    iam.create_role(RoleName="report", AssumeRolePolicyDocument=TRUST)
    iam.attach_role_policy(RoleName="report", PolicyArn=stack["readerPolicyArn"])
    with pytest.raises(Attached, match="readerPolicyArn is attached to role report"):
        refuse_attached(iam, stack)
    iam.attach_role_policy(RoleName="shop", PolicyArn=stack["producerPolicyArn"])
    with pytest.raises(Attached, match=r"to role shop; .*readerPolicyArn is attached to role report"):
        refuse_attached(iam, stack)


def test_the_check_covers_every_managed_policy_of_the_program(dev: Recorder) -> None:
    managed = {policy.outputs["arn"] for policy in dev.all("aws:iam/policy:Policy")}
    assert {dev.outputs[name] for name in POLICIES} == managed


def test_a_stack_with_unattached_policies_may_be_destroyed(iam: Any) -> None:
    stack = outputs(iam)
    refuse_attached(iam, stack)
    iam.delete_policy(PolicyArn=stack["producerPolicyArn"])
    refuse_attached(iam, stack)
    refuse_attached(iam, {"producerPolicyArn": stack["producerPolicyArn"]})  # an older stack has no reader policy
    refuse_attached(iam, {})
