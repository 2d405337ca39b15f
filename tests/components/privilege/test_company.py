"""Least privilege on a strict company's stack: its keys and network need more permissions, and it has no others."""

import json

import pytest

from tests.components.privilege.guarded import Guarded
from tests.components.privilege.iam import allowed
from tests.stacks import STRICT
from tests.waiting import eventually
from tools.local.program import stack_config
from tools.project import PROJECT

pytestmark = pytest.mark.slow(reason="runs a whole pipeline whose every call IAM checks")


def test_the_whole_pipeline_works_with_only_its_own_credentials(company: Guarded) -> None:
    local = company.local
    sqs = company.producer("sqs")
    for body in ("poison", *(json.dumps({"id": f"text-{n}", "text": "I love it."}) for n in range(12))):
        sqs.send_message(QueueUrl=local.queue_url, MessageBody=body)
    eventually(lambda: local.depth(local.queue_url) == 0)
    assert {f"text-{n}" for n in range(12)} <= set(local.results())
    assert [dead["Body"] for dead in local.dead_letters()] == ["poison"]


def test_the_function_may_use_only_the_stacks_keys(company: Guarded) -> None:
    config = stack_config(STRICT, {})
    keys = [config[f"{PROJECT}:{key}"] for key in ("kmsKeyArn", "dataKmsKeyArn")]
    kms = company.function("kms")
    for key in keys:
        assert allowed(kms, "generate_data_key", KeyId=key, KeySpec="AES_256")
        assert allowed(kms, "decrypt", KeyId=key, CiphertextBlob=b"a")
        assert not allowed(kms, "schedule_key_deletion", KeyId=key, PendingWindowInDays=7)
    assert not allowed(kms, "decrypt", KeyId=keys[0][:-1] + "0", CiphertextBlob=b"a")


def test_the_function_gets_only_the_ec2_permissions_for_its_interfaces(company: Guarded) -> None:
    ec2 = company.function("ec2")
    assert allowed(ec2, "describe_network_interfaces")
    assert allowed(ec2, "describe_subnets")
    assert not allowed(ec2, "describe_instances")
    assert not allowed(ec2, "create_vpc", CidrBlock="10.0.0.0/16")
    subnet = stack_config(STRICT, {})[f"{PROJECT}:subnetIds"][0]
    assert allowed(ec2, "create_network_interface", SubnetId=subnet)
    assert allowed(ec2, "delete_network_interface", NetworkInterfaceId="eni-0123456789abcdef0")


def test_a_producer_may_use_the_queue_key_but_not_the_data_key(company: Guarded) -> None:
    config = stack_config(STRICT, {})
    kms = company.producer("kms")
    assert allowed(kms, "generate_data_key", KeyId=config[f"{PROJECT}:kmsKeyArn"], KeySpec="AES_256")
    assert not allowed(kms, "generate_data_key", KeyId=config[f"{PROJECT}:dataKmsKeyArn"], KeySpec="AES_256")


def test_a_reader_may_only_decrypt_and_only_with_the_data_key(company: Guarded) -> None:
    config = stack_config(STRICT, {})
    kms, data_key = company.reader("kms"), config[f"{PROJECT}:dataKmsKeyArn"]
    assert allowed(kms, "decrypt", KeyId=data_key, CiphertextBlob=b"a")
    assert not allowed(kms, "generate_data_key", KeyId=data_key, KeySpec="AES_256")
    assert not allowed(kms, "decrypt", KeyId=config[f"{PROJECT}:kmsKeyArn"], CiphertextBlob=b"a")
