"""Changes that would delete a stack's data are refused before anything is registered, or made without a loss."""

import json

import pytest

from components.kept_data import WouldLoseData
from tests.components.state import update
from tools.local.recorder import Recorder

OLD_KEY, NEW_KEY = (f"arn:aws:kms:us-west-2:123456789012:key/0a1b2c3d-0000-4000-8000-00000000000{n}" for n in "12")
TABLE, QUEUE = "aws:dynamodb/table:Table", "aws:sqs/queue:Queue"


def with_table(name: str, **settings: object) -> str:
    return str(update({f"{TABLE}::results": {"name": name}}, **settings).one(TABLE).inputs["name"])


def with_key(key: str, **settings: object) -> Recorder:
    return update({f"{QUEUE}::queue": {"kmsMasterKeyId": key}}, **settings)


def test_a_new_table_name_is_refused_with_a_link_to_the_procedure(dev: Recorder) -> None:
    with pytest.raises(WouldLoseData, match=r"tableName: 'other' .*docs/operations.md#changes-that-move-data"):
        with_table(dev.one(TABLE).inputs["name"], tableName="other")


def test_a_prefix_of_the_old_table_name_counts_as_a_new_name(dev: Recorder) -> None:
    with pytest.raises(WouldLoseData, match="tableName: 'our'"):
        with_table(f"our-results-{dev.stack}", tableName="our")


def test_a_stack_keeps_its_table_without_a_name_or_after_a_rename(dev: Recorder) -> None:
    assert with_table("sentiment-results-elsewhere", tableName="") == "sentiment-results-elsewhere"
    assert with_table("ours-formerly", tableName="ours") == "ours-formerly"
    assert with_table(f"ours-{dev.stack}", tableName="ours") == f"ours-{dev.stack}"


def function_policy(stack: Recorder) -> str:
    return str(stack.one("aws:iam/rolePolicy:RolePolicy", "function-policy").inputs["policy"])


@pytest.mark.parametrize("key", [NEW_KEY, ""])
def test_the_queue_key_may_not_change_while_messages_need_it(key: str) -> None:
    with pytest.raises(WouldLoseData, match=rf"{OLD_KEY}.*formerKmsKeyArns"):
        with_key(OLD_KEY, kmsKeyArn=key)


@pytest.mark.parametrize("key", [NEW_KEY, ""])
def test_a_former_key_may_decrypt_until_the_operator_removes_it(key: str) -> None:
    changed = with_key(OLD_KEY, kmsKeyArn=key, formerKmsKeyArns=OLD_KEY)
    statements = json.loads(function_policy(changed))["Statement"]
    granted = [(s["Action"], s["Resource"]) for s in statements if OLD_KEY in s["Resource"]]
    assert granted == [(["kms:Decrypt"], [OLD_KEY])]
    assert OLD_KEY not in function_policy(with_key("", kmsKeyArn=key))


@pytest.mark.parametrize("named", [OLD_KEY.rpartition("/")[2], "alias/ours"])
def test_an_imported_queues_key_must_be_configured_by_its_arn(named: str) -> None:
    with pytest.raises(WouldLoseData, match=rf"{named}.*formerKmsKeyArns"):
        with_key(named, kmsKeyArn="")
    for given in ({"kmsKeyArn": OLD_KEY}, {"kmsKeyArn": "", "formerKmsKeyArns": OLD_KEY}):
        assert OLD_KEY in function_policy(with_key(named, **given))


def test_a_queue_with_the_aws_managed_key_may_be_imported() -> None:
    assert with_key("alias/aws/sqs", kmsKeyArn="").one(QUEUE, "queue").inputs["sqsManagedSseEnabled"]


def test_the_data_key_may_not_change_while_results_need_it() -> None:
    has = {"aws:cloudwatch/logGroup:LogGroup::function-logs": {"kmsKeyId": OLD_KEY}}
    with pytest.raises(WouldLoseData, match=rf"dataKmsKeyArn: ''.*{OLD_KEY}.*formerKmsKeyArns"):
        update(has)
    assert OLD_KEY in function_policy(update(has, formerKmsKeyArns=OLD_KEY))


REPOSITORY = "aws:ecr/repository:Repository"
ECRS_OWN: dict[str, object] = {"encryptionConfigurations": [{"encryptionType": "AES256", "kmsKey": ""}]}
OURS: dict[str, object] = {"encryptionConfigurations": [{"encryptionType": "KMS", "kmsKey": OLD_KEY}]}


@pytest.mark.parametrize(("has", "key"), [(ECRS_OWN, NEW_KEY), (OURS, NEW_KEY), (OURS, "")])
def test_a_protected_repository_keeps_its_encryption(has: dict[str, object], key: str) -> None:
    repository = {f"{REPOSITORY}::image": has}
    with pytest.raises(WouldLoseData, match=rf"dataKmsKeyArn: '{key}' .*operations.md#changes-that-move-data"):
        update(repository, dataKmsKeyArn=key, deletionProtection=True)
    assert update(repository, dataKmsKeyArn=key, deletionProtection=False).one(REPOSITORY)


def test_a_protected_repository_with_an_unchanged_key_is_accepted() -> None:
    for has, key in ((ECRS_OWN, ""), (OURS, OLD_KEY)):
        assert update({f"{REPOSITORY}::image": has}, dataKmsKeyArn=key, deletionProtection=True).one(REPOSITORY)


def test_a_queue_may_get_its_first_key() -> None:
    assert with_key("", kmsKeyArn=NEW_KEY).one(QUEUE, "queue").inputs["kmsMasterKeyId"] == NEW_KEY
