"""The policy pack has no complaint about the program's registrations, in a first preview or in an update."""

import botocore.session
import pytest

from policy.actions import KNOWN
from policy.pack import POLICIES
from tests.policy.judge import as_previewed, complaints
from tests.stacks import DEV, STRICT
from tools.local.program import run
from tools.local.recorder import Recorder

KEY = "arn:aws:kms:us-west-2:123456789012:key/0a1b2c3d-0000-4000-8000-0123456789ab"


def test_the_rules_accept_dev_and_prod(stack: Recorder) -> None:
    assert complaints(stack.resources) == {}


def test_the_rules_accept_every_stack_of_this_checkout(shipped: Recorder) -> None:
    assert complaints(shipped.resources) == {}


@pytest.mark.parametrize(
    "overrides",
    [
        {"kmsKeyArn": KEY},
        {"tracing": False, "alarmEmail": "on-call@example.com"},
        {"batchSize": 10_000, "batchWindowSeconds": 300, "timeoutSeconds": 900},
        {"provisionedConcurrency": 3, "reservedConcurrency": 3, "maxConcurrency": 2},
        {"maxConcurrency": 0, "minimumPollers": 2, "maximumPollers": 5, "reservedConcurrency": 50},
        {"queueRetentionDays": 13, "maxReceiveCount": 1, "consume": False},
    ],
)
def test_the_rules_accept_other_allowed_configurations(overrides: dict[str, object]) -> None:
    assert complaints(run(DEV, **overrides).resources) == {}


def test_the_rules_accept_a_strict_companys_stack() -> None:
    strict = run(STRICT).resources
    assert complaints(strict) == complaints(as_previewed(strict)) == {}


def test_the_rules_accept_a_first_preview_with_unknown_arns(stack: Recorder) -> None:
    assert complaints(as_previewed(stack.resources)) == {}


def test_every_rule_has_a_unique_name_and_a_sentence_as_description() -> None:
    assert len({policy.name for policy in POLICIES}) == len(POLICIES)
    assert [policy.name for policy in POLICIES if not policy.description.endswith(".")] == []


def test_every_known_action_is_an_operation_of_its_service() -> None:
    session = botocore.session.get_session()
    apis = {action.split(":")[0]: action.split(":")[0] for action in KNOWN} | {"dynamodbstreams": "dynamodb"}
    operations = {
        f"{service}:{operation}"
        for api, service in apis.items()
        for operation in session.get_service_model(api).operation_names
    }
    assert KNOWN - operations == set()
