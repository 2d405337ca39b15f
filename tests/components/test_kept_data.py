"""Changes that would delete a stack's data are refused before anything is registered, or made without a loss."""

import json
from collections.abc import Mapping

import pytest

from components.kept_data import WouldLoseData
from tests.stacks import DEV
from tools.local.program import run
from tools.local.recorder import Project, Recorder

OLD_KEY, NEW_KEY = (f"arn:aws:kms:us-west-2:123456789012:key/0a1b2c3d-0000-4000-8000-00000000000{n}" for n in "12")
TABLE, QUEUE = "aws:dynamodb/table:Table", "aws:sqs/queue:Queue"


def update(has: Mapping[str, Mapping[str, object]], **settings: object) -> Recorder:
    """An update of a stack whose state has these outputs, by type and name."""

    def recorder(project: Project, stack: str, region: str) -> Recorder:
        made = Recorder(project, stack, region)
        urns = {key: f"urn:pulumi:{stack}::{project.name}::{project.name}:components:C${key}" for key in has}
        made.deployed = {urns[key]: {"type": key.partition("::")[0], "outputs": has[key]} for key in has}
        return made

    return run(DEV, recorder, **settings)


def with_table(name: str, **settings: object) -> str:
    return str(update({f"{TABLE}::results": {"name": name}}, **settings).one(TABLE).inputs["name"])


def with_key(key: str, **settings: object) -> Recorder:
    return update({f"{QUEUE}::queue": {"kmsMasterKeyId": key}}, **settings)


def test_another_table_name_is_refused_with_the_way_to_move(dev: Recorder) -> None:
    with pytest.raises(WouldLoseData, match=r"tableName: 'other' .*docs/operations.md#changes-that-move-data"):
        with_table(dev.one(TABLE).inputs["name"], tableName="other")


def test_a_table_name_that_the_old_one_begins_with_is_another(dev: Recorder) -> None:
    with pytest.raises(WouldLoseData, match="tableName: 'our'"):
        with_table(f"our-results-{dev.stack}", tableName="our")


def test_a_stack_keeps_its_table_where_no_name_is_set_or_only_the_stack_was_renamed(dev: Recorder) -> None:
    assert with_table("sentiment-results-elsewhere", tableName="") == "sentiment-results-elsewhere"
    assert with_table("ours-formerly", tableName="ours") == "ours-formerly"
    assert with_table(f"ours-{dev.stack}", tableName="ours") == f"ours-{dev.stack}"


def function_policy(stack: Recorder) -> str:
    return str(stack.one("aws:iam/rolePolicy:RolePolicy", "function-policy").inputs["policy"])


@pytest.mark.parametrize("key", [NEW_KEY, ""])
def test_a_key_is_not_taken_from_messages_that_wait(key: str) -> None:
    with pytest.raises(WouldLoseData, match=rf"{OLD_KEY}.*formerKmsKeyArns"):
        with_key(OLD_KEY, kmsKeyArn=key)


@pytest.mark.parametrize("key", [NEW_KEY, ""])
def test_a_former_key_may_decrypt_until_the_operator_takes_it_out(key: str) -> None:
    changed = with_key(OLD_KEY, kmsKeyArn=key, formerKmsKeyArns=OLD_KEY)
    statements = json.loads(function_policy(changed))["Statement"]
    granted = [(s["Action"], s["Resource"]) for s in statements if OLD_KEY in s["Resource"]]
    assert granted == [(["kms:Decrypt"], [OLD_KEY])]
    assert OLD_KEY not in function_policy(with_key("", kmsKeyArn=key))


@pytest.mark.parametrize("named", [OLD_KEY.rpartition("/")[2], "alias/ours"])
def test_a_key_that_an_imported_queue_names_otherwise_is_named_by_its_arn(named: str) -> None:
    with pytest.raises(WouldLoseData, match=rf"{named}.*formerKmsKeyArns"):
        with_key(named, kmsKeyArn="")
    for given in ({"kmsKeyArn": OLD_KEY}, {"kmsKeyArn": "", "formerKmsKeyArns": OLD_KEY}):
        assert OLD_KEY in function_policy(with_key(named, **given))


def test_a_queue_with_the_key_of_aws_may_be_imported() -> None:
    assert with_key("alias/aws/sqs", kmsKeyArn="").one(QUEUE, "queue").inputs["sqsManagedSseEnabled"]


def test_a_data_key_is_not_taken_from_results() -> None:
    has = {"aws:cloudwatch/logGroup:LogGroup::function-logs": {"kmsKeyId": OLD_KEY}}
    with pytest.raises(WouldLoseData, match=rf"dataKmsKeyArn: ''.*{OLD_KEY}.*formerKmsKeyArns"):
        update(has)
    assert OLD_KEY in function_policy(update(has, formerKmsKeyArns=OLD_KEY))


REPOSITORY = "aws:ecr/repository:Repository"
ECRS_OWN: dict[str, object] = {"encryptionConfigurations": [{"encryptionType": "AES256", "kmsKey": ""}]}
OURS: dict[str, object] = {"encryptionConfigurations": [{"encryptionType": "KMS", "kmsKey": OLD_KEY}]}


@pytest.mark.parametrize(("has", "key"), [(ECRS_OWN, NEW_KEY), (OURS, NEW_KEY), (OURS, "")])
def test_a_protected_repository_is_not_replaced_by_one_that_is_encrypted_otherwise(
    has: dict[str, object], key: str
) -> None:
    repository = {f"{REPOSITORY}::image": has}
    with pytest.raises(WouldLoseData, match=rf"dataKmsKeyArn: '{key}' .*operations.md#changes-that-move-data"):
        update(repository, dataKmsKeyArn=key, deletionProtection=True)
    assert update(repository, dataKmsKeyArn=key, deletionProtection=False).one(REPOSITORY)


def test_a_protected_repository_stays_while_its_key_stays() -> None:
    for has, key in ((ECRS_OWN, ""), (OURS, OLD_KEY)):
        assert update({f"{REPOSITORY}::image": has}, dataKmsKeyArn=key, deletionProtection=True).one(REPOSITORY)


def test_a_queue_that_gets_its_first_key_loses_nothing() -> None:
    assert with_key("", kmsKeyArn=NEW_KEY).one(QUEUE, "queue").inputs["kmsMasterKeyId"] == NEW_KEY
