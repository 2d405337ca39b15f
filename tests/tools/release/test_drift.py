"""Changes behind Pulumi's back, on the real CLI: the next operation's refresh sees them, an update reverts them."""

from pathlib import Path

import pytest

from components.function import ALIAS
from tests.tools.release.engine import Stack, why_not
from tests.tools.release.stand_in_plugin import SCALED
from tests.tools.release.test_engine import on_stand_ins, stack

__all__ = ["stack"]  # the fixture

PROVISIONED = {"provisionedConcurrency": "2", "reservedConcurrency": "0"}

pytestmark = [
    pytest.mark.skipif(bool(reason := why_not()), reason=reason or "nothing is missing"),
    on_stand_ins,
    pytest.mark.slow(reason="each deploys a stack with the real CLI"),
]


@pytest.fixture
def scaled(stack: Stack, tmp_path: Path) -> Path:
    """The file with the number of warm environments."""
    number = tmp_path / "scaled"
    stack.environment[SCALED] = str(number)
    return number


def test_a_preview_shows_a_deleted_function_and_a_rollout_recreates_it(stack: Stack) -> None:
    stack.up(canaryPercent="10")
    gone = stack.function
    stack.lambda_.delete_function(FunctionName=gone)
    assert "function-live" in stack.run("pulumi", "preview", "--diff", "--stack", "dev")
    assert "is live" in stack.release("rollout")
    assert stack.function != gone
    assert stack.alias()[1] == {}
    assert stack.lambda_.get_alias(FunctionName=stack.function, Name=ALIAS)


def test_switching_off_scaling_and_expiry_undoes_all_their_effects(stack: Stack, scaled: Path) -> None:
    dynamodb = stack.cloud.client("dynamodb")

    def expires() -> bool:
        (table,) = dynamodb.list_tables()["TableNames"]
        state = dynamodb.describe_time_to_live(TableName=table)["TimeToLiveDescription"]
        return state["TimeToLiveStatus"] == "ENABLED"

    stack.up(**PROVISIONED, provisionedConcurrencyMax="10", resultTtlDays="30")
    assert scaled.read_text() == "2"
    assert expires()
    scaled.write_text("10")  # as Application Auto Scaling does under load
    stack.up()
    assert scaled.read_text() == "10", "an update removed warm environments under load"

    stack.up(provisionedConcurrencyMax="0", resultTtlDays="0")
    assert scaled.read_text() == "2"
    assert not any("appautoscaling" in resource["type"] for resource in stack.resources())
    assert not expires()

    (table,) = dynamodb.list_tables()["TableNames"]
    on = {"Enabled": True, "AttributeName": "expires_at"}
    dynamodb.update_time_to_live(TableName=table, TimeToLiveSpecification=on)  # by hand
    stack.up()
    assert not expires()
