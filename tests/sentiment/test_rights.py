"""An operator's permissions on the table, as docs/operations.md lists them: its commands work with these alone."""

import json
import re
from collections.abc import Iterable
from pathlib import Path

import boto3
import pytest

from tests.components.privilege.iam import CloudHere, enforced, user
from tests.function.aws import create_table
from tests.sentiment.place import REGION, Run
from tools.local.program import ROOT

pytestmark = pytest.mark.slow(reason="an AWS with enforced permissions for each")

TABLE = "results"
NEEDS = {
    "results a": {"BatchGetItem"},
    "results --all": {"Scan"},
    "report --yes": {"DescribeTable", "Scan"},
    "forget a --yes": {"BatchGetItem", "BatchWriteItem"},
}
ACTIONS = sorted(set.union(*NEEDS.values()))


def listed() -> set[str]:
    (row,) = re.findall(r"^\| the table \|(.+)", (ROOT / "docs" / "operations.md").read_text(), re.MULTILINE)
    return set(re.findall(r"`(?:dynamodb:)?([A-Z]\w+)`", row))


def succeed(run: Run, monkeypatch: pytest.MonkeyPatch, actions: Iterable[str]) -> set[str]:
    """The commands that succeed when run by a user who may do these on the table and nothing else."""
    table = f"arn:aws:dynamodb:{REGION}:123456789012:table/{TABLE}"
    statement = {"Effect": "Allow", "Action": [f"dynamodb:{name}" for name in actions], "Resource": table}
    with CloudHere(REGION) as cloud:
        create_table(cloud.client("dynamodb"), TABLE)
        cloud.client("dynamodb").put_item(TableName=TABLE, Item={"id": {"S": "a"}})
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        policy = cloud.client("iam").create_policy(PolicyName="operator", PolicyDocument=document)["Policy"]["Arn"]
        environment = {
            **user(cloud, "operator", policy),
            "AWS_ENDPOINT_URL": cloud.url,
            "AWS_DEFAULT_REGION": REGION,
            "RESULTS_TABLE": TABLE,
        }
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        with enforced():
            return {command for command in NEEDS if run(*command.split()).code == 0}


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("STACK", raising=False)
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)  # it keeps the credentials of the previous test


def test_the_permissions_that_the_page_lists_suffice(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    assert listed() == set(ACTIONS)
    assert succeed(run, monkeypatch, listed()) == NEEDS.keys()


@pytest.mark.parametrize("action", ACTIONS)
def test_each_listed_permission_is_needed(run: Run, monkeypatch: pytest.MonkeyPatch, action: str) -> None:
    without = {command for command, needs in NEEDS.items() if action not in needs}
    assert succeed(run, monkeypatch, listed() - {action}) == without
