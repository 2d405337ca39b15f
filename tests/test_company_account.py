"""A stack with every key for company accounts: the effect of each key, and that none changes anything else."""

import json
from typing import Any

import pytest

from tests.components.test_kept_data import update
from tests.stacks import DEV, STRICT
from tools.local.program import run, stack_config
from tools.local.recorder import Recorder

FUNCTION, ROLE_POLICY = "aws:lambda/function:Function", "aws:iam/rolePolicy:RolePolicy"


@pytest.fixture(scope="module")
def strict() -> Recorder:
    return run(STRICT)


def configured(key: str) -> str:
    return next(value for name, value in stack_config(STRICT, {}).items() if name.endswith(f":{key}"))


def statements(recorder: Recorder) -> dict[str, dict[str, Any]]:
    return {s["Sid"]: s for s in json.loads(recorder.one(ROLE_POLICY).inputs["policy"])["Statement"]}


def test_the_function_runs_in_its_subnets_with_rights_that_its_code_lacks(strict: Recorder) -> None:
    assert strict.one(FUNCTION).inputs["vpcConfig"] == {
        "subnetIds": configured("subnetIds").split(","),
        "securityGroupIds": configured("securityGroupIds").split(","),
    }
    interfaces = statements(strict)["ManageInterfaces"]
    assert {action.partition(":")[0] for action in interfaces["Action"]} == {"ec2"}
    assert interfaces["Condition"] == {"Null": {"lambda:SourceFunctionArn": "true"}}


def test_a_function_that_leaves_its_vpc_may_still_delete_its_interfaces() -> None:
    def rights(vpc: list[dict[str, Any]]) -> set[str]:
        return set(statements(update({f"{FUNCTION}::function": {"vpcConfig": vpc}})))

    assert "ManageInterfaces" in rights([{"subnetIds": ["subnet-0a1b2c3d"], "securityGroupIds": ["sg-0a1b2c3d"]}])
    assert "ManageInterfaces" not in rights([])


def test_every_role_has_the_permissions_boundary(strict: Recorder) -> None:
    roles = strict.all("aws:iam/role:Role")
    assert {role.inputs.get("permissionsBoundary") for role in roles} == {configured("permissionsBoundaryArn")}


def test_the_companys_keys_encrypt_everything_that_holds_data(strict: Recorder) -> None:
    key = configured("dataKmsKeyArn")
    assert strict.one("aws:dynamodb/table:Table").inputs["serverSideEncryption"] == {"enabled": True, "kmsKeyArn": key}
    assert strict.one("aws:cloudwatch/logGroup:LogGroup").inputs["kmsKeyId"] == key
    assert strict.one(FUNCTION).inputs["kmsKeyArn"] == key
    (encryption,) = strict.one("aws:ecr/repository:Repository").inputs["encryptionConfigurations"]
    assert encryption == {"encryptionType": "KMS", "kmsKey": key}
    assert {q.inputs["kmsMasterKeyId"] for q in strict.all("aws:sqs/queue:Queue")} == {configured("kmsKeyArn")}
    assert statements(strict)["UseDataKey"]["Resource"] == [key]
    readers = json.loads(strict.one("aws:iam/policy:Policy", "results-reader").inputs["policy"])["Statement"]
    assert (readers[-1]["Action"], readers[-1]["Resource"]) == (["kms:Decrypt"], [key])
    assert not strict.all("aws:kms/key:Key")


def test_the_stacks_own_topic_uses_the_data_key(strict: Recorder) -> None:
    own = run(STRICT, alarmTopicArn="")
    assert own.one("aws:sns/topic:Topic").inputs["kmsMasterKeyId"] == configured("dataKmsKeyArn")
    assert not own.all("aws:kms/key:Key")


def test_every_alarm_notifies_the_companys_topic(strict: Recorder) -> None:
    assert not strict.all("aws:sns/topic:Topic")
    alarms = strict.all("aws:cloudwatch/metricAlarm:MetricAlarm")
    assert {tuple(alarm.inputs["alarmActions"]) for alarm in alarms} == {(configured("alarmTopicArn"),)}
    assert strict.outputs["alarmTopicArn"] == configured("alarmTopicArn")


@pytest.mark.parametrize(
    ("key", "changed"),
    [
        ("subnetIds", {"function", "function-policy"}),
        ("permissionsBoundaryArn", {"function-role"}),
        (
            "dataKmsKeyArn",
            {
                *("results", "results-reader", "image", "function", "function-logs", "function-policy"),
                *("alarm-topic", "alarm-topic-key"),
            },
        ),
        ("sendAccounts", {"queue-policy"}),
        ("sendTopicArns", {"queue-policy"}),
        ("minimumPollers", {"function-events"}),
        ("alarmTopicArn", {"alarm-topic", "alarm-topic-policy", "alarm-topic-key"}),
        ("resultStream", {"results", "results-reader"}),
    ],
)
def test_a_key_changes_only_the_documented_resources(key: str, changed: set[str], dev: Recorder) -> None:
    values: dict[str, Any] = {key: configured(key).replace("eu-central-1", "us-west-2")}
    if key == "subnetIds":
        values["securityGroupIds"] = configured("securityGroupIds")
    if key == "minimumPollers":
        values |= {key: int(configured(key)) for key in ("maxConcurrency", "minimumPollers", "maximumPollers")}
    other = {r.name: r.inputs for r in run(DEV, **values).resources if r.custom}
    today = {r.name: r.inputs for r in dev.resources if r.custom}
    differs = {name for name in other.keys() | today.keys() if other.get(name) != today.get(name)}
    assert {name for name in differs if not name.startswith(("alarm-", "dashboard")) or "topic" in name} == changed
