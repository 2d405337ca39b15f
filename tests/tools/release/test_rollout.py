"""Canary rollouts and rollbacks: the CLI's commands, the alarms that judge a version, another stack's image."""

import io
import json
import os
import socket
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import boto3
import pulumi
import pytest
from botocore.awsrequest import AWSResponse
from botocore.stub import Stubber

from components.function import ALIAS as ALIAS_NAME
from settings import SettingsError, project_name
from tests.pulumi_stand_in import PulumiStandIn
from tests.tools.release.published import publish
from tools.local.program import ROOT
from tools.local.recorder import Recorder
from tools.release import canary, rollback
from tools.release.canary import OnHold, roll_out, verify
from tools.release.clients import Clients
from tools.release.promotion import promoted_image
from tools.release.pulumi_cli import PulumiFailed, outputs
from tools.release.rollback import ALIAS, LOCK_PATIENCE_SECONDS, StillLocked, end_hold, roll_back
from tools.release.versions import NothingToReturnTo, NotServed, live_image, live_version

OLD, NEW = (f"{project_name()}-prod-alarm-{signal}-1a2b3c" for signal in ("errors", "dlq-depth"))
OTHERS = f"{project_name()}-prod-alarm-alarm-errors-1a2b3c"  # belongs to a stack named prod-alarm
IMAGE = "123456789012.dkr.ecr.us-west-2.amazonaws.com/sentiment@sha256:" + "0" * 64

CHECKED: dict[str, Any] = {
    "results": [{"text": "Good.", "sentiment": "good", "score": 0.9, "built": {"sentiment": "good", "score": 0.9}}]
}  # a version's answer to a check
OWN_IMAGE = "123456789012.dkr.ecr.us-west-2.amazonaws.com/own@sha256:" + "1" * 64
pytestmark = pytest.mark.slow(reason="each rollout runs the program to check its settings")


class Stack:
    """A function with versions and an alias, alarms, and a clock that records each wait and returns at once."""

    def __init__(self, cli: PulumiStandIn, versions: int):
        self.said: list[str] = []
        self.waited: list[float] = []
        self.events: dict[int, Callable[[], object]] = {}  # actions by the number of the check that they precede
        self.cli, self.updates_seen = cli, 0
        self.lambda_, self.cloudwatch = boto3.client("lambda"), boto3.client("cloudwatch")
        self.lambda_.meta.events.register("before-parameter-build.lambda.GetAlias", self._take_over_updates)
        self.lambda_.meta.events.register("before-call.lambda.Invoke", self._invoke)  # moto would start a container
        self.asked: list[str] = []  # the versions that were invoked
        self.answer, self.busy = CHECKED, False
        for name in (OLD, NEW, OTHERS):
            self.cloudwatch.put_metric_alarm(
                AlarmName=name,
                Namespace="AWS/Lambda",
                MetricName="Errors",
                Statistic="Sum",
                Period=300,
                EvaluationPeriods=1,
                Threshold=1,
                ComparisonOperator="GreaterThanOrEqualToThreshold",
            )
        self.published = 0
        self._publish(versions)
        self.lambda_.create_alias(FunctionName="classifier", Name=ALIAS_NAME, FunctionVersion=str(versions))
        cli.outputs = {
            "functionName": "classifier",
            "newestVersion": str(versions),
            "imageUri": OWN_IMAGE,
            "repositoryUrl": OWN_IMAGE.partition("@")[0],
        }
        self.clients = Clients(cloudwatch=self.cloudwatch, lambda_=self.lambda_, sleep=self._wait, say=self.said.append)

    def alarm(self, name: str) -> None:
        self.cloudwatch.set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="test")

    @property
    def live(self) -> tuple[str, bool] | None:
        return live_version(self.lambda_, "classifier")

    def ran(self, version: str) -> None:
        dimensions = {"FunctionName": "classifier", "Resource": "classifier:live", "ExecutedVersion": version}
        metric = {
            "MetricName": "Invocations",
            "Dimensions": [{"Name": key, "Value": value} for key, value in dimensions.items()],
            "Timestamp": datetime.now(UTC) - timedelta(minutes=1),
            "Value": 1,
        }
        self.cloudwatch.put_metric_data(Namespace="AWS/Lambda", MetricData=[metric])

    def point(self, version: str, weights: dict[str, float] | None = None) -> None:
        """Move the alias, as the console or Lambda itself would."""
        routing = {"AdditionalVersionWeights": weights or {}}
        self.lambda_.update_alias(
            FunctionName="classifier", Name=ALIAS_NAME, FunctionVersion=version, RoutingConfig=routing
        )

    def _take_over_updates(self, **_: object) -> None:
        """Apply the stand-in's updates to moto's function before moto answers a query."""
        if len(self.cli.updates) > self.updates_seen:
            self.updates_seen = len(self.cli.updates)
            self._publish(int(self.cli.outputs["newestVersion"]))
            self.point(*self.cli.alias)

    def _invoke(self, params: dict[str, Any], **_: object) -> tuple[AWSResponse, dict[str, Any]]:
        self.asked.append(params["url"].rpartition("Qualifier=")[2])
        if self.busy:
            refused = {"Error": {"Code": "TooManyRequestsException", "Message": "Rate Exceeded."}}
            return AWSResponse(params["url"], 429, {}, None), refused
        payload = io.BytesIO(json.dumps(self.answer).encode())
        return AWSResponse(params["url"], 200, {}, None), {"Payload": payload, "ExecutedVersion": self.asked[-1]}

    def _wait(self, seconds: float) -> None:
        self.waited.append(seconds)
        self.events.get(len(self.waited), lambda: None)()

    def _publish(self, newest: int) -> None:
        for version in range(self.published + 1, newest + 1):
            publish(self.lambda_, boto3.client("iam"), version)
        self.published = max(self.published, newest)


@pytest.fixture
def stack(aws: None, pulumi_cli: PulumiStandIn) -> Stack:
    return Stack(pulumi_cli, versions=7)


def config_of(update: list[str]) -> dict[str, str]:
    pairs = [value for flag, value in pairwise(update) if flag == "--config"]
    return dict(pair.removeprefix(f"{project_name()}:").split("=", 1) for pair in pairs)


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> None:
    """A rollback's stableVersion is in prod's file."""
    saved = {"stableVersion": 6, "canaryPercent": 10, "bakeMinutes": 15}
    monkeypatch.setattr(canary, "setting", lambda _, key: saved[key])
    monkeypatch.setattr(rollback, "setting", lambda _, key: saved[key])


# Rollout


def test_a_version_that_raises_no_alarm_goes_live_after_the_bake(stack: Stack, pulumi_cli: PulumiStandIn) -> None:
    assert roll_out("prod", stack.clients, IMAGE)
    assert [config_of(update) for update in pulumi_cli.updates] == [
        {"imageUri": IMAGE, "stableVersion": "7", "canary": "true"},
        {"imageUri": IMAGE, "stableVersion": "8"},
    ]
    assert sum(stack.waited) == 15 * 60  # prod's bakeMinutes
    assert stack.live == ("8", False)


def test_a_rollout_saves_only_the_image_and_only_after_its_update(stack: Stack, pulumi_cli: PulumiStandIn) -> None:
    roll_out("prod", stack.clients, IMAGE)
    assert set(pulumi_cli.saved) == {("imageUri", IMAGE)}
    commands = [call[:2] for call in pulumi_cli.calls if call[0] in ("up", "config")]
    assert [command[0] for command in commands] == ["up", "config", "up", "config"]
    for update in pulumi_cli.updates:  # the CLI saves --config before it updates, so it must save it to a copy
        assert not update[update.index("--config-file") + 1].startswith(str(ROOT))


@pytest.mark.parametrize("image", ["foo", IMAGE.partition("@")[0] + ":latest", IMAGE.replace("us-west-2", "eu-west-1")])
def test_a_rollout_refuses_an_invalid_image_before_it_runs_pulumi(
    stack: Stack, pulumi_cli: PulumiStandIn, image: str
) -> None:
    with pytest.raises((SettingsError, pulumi.RunError), match="imageUri"):
        roll_out("prod", stack.clients, image)
    assert pulumi_cli.calls == []


def test_an_alarm_during_the_bake_rolls_the_version_back_at_once(stack: Stack, pulumi_cli: PulumiStandIn) -> None:
    stack.events[3] = lambda: stack.alarm(NEW)
    assert not roll_out("prod", stack.clients)
    assert len(stack.waited) == 3
    assert len(pulumi_cli.updates) == 1
    assert stack.live == ("7", False)
    assert pulumi_cli.saved == [("stableVersion", "7")]
    assert any(NEW in line for line in stack.said)


@pytest.mark.parametrize("ran", [True, False])
def test_a_rollout_warns_if_the_new_version_got_no_batch(stack: Stack, ran: bool) -> None:
    if ran:
        stack.ran("8")
    assert roll_out("prod", stack.clients)
    assert any("got no batch" in line for line in stack.said) is not ran


def test_a_version_with_wrong_answers_is_rolled_back_before_the_bake(stack: Stack, pulumi_cli: PulumiStandIn) -> None:
    stack.answer = {"results": [{**CHECKED["results"][0], "sentiment": "bad"}]}
    assert not roll_out("prod", stack.clients)
    assert stack.asked == ["8"]
    assert stack.waited == []
    assert stack.live == ("7", False)
    assert pulumi_cli.saved == [("stableVersion", "7")]
    assert any("version 8 is wrong: bad 0.900, but its model answered good" in line for line in stack.said)


def test_only_the_alarms_judge_a_version_without_a_free_execution(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(canary, "BUSY_SECONDS", 0)
    stack.busy = True
    assert roll_out("prod", stack.clients)
    assert any("no free execution" in line and "only the alarms" in line for line in stack.said)


def test_an_alarm_that_was_already_on_does_not_block_a_fix(stack: Stack, pulumi_cli: PulumiStandIn) -> None:
    stack.alarm(OLD)
    assert roll_out("prod", stack.clients)
    assert any("do not judge" in line and OLD in line for line in stack.said)


def test_another_stacks_alarm_with_the_same_prefix_does_not_count(stack: Stack) -> None:
    stack.events[3] = lambda: stack.alarm(OTHERS)
    assert roll_out("prod", stack.clients)


def test_an_alarm_at_the_last_check_still_counts(stack: Stack) -> None:
    stack.events[15 * 2] = lambda: stack.alarm(NEW)  # two checks a minute
    assert not roll_out("prod", stack.clients)


def test_the_newest_version_goes_live_in_one_update_without_a_canary(stack: Stack, pulumi_cli: PulumiStandIn) -> None:
    assert roll_out("dev", stack.clients)
    assert [config_of(update) for update in pulumi_cli.updates] == [{}]
    assert stack.waited == []


def test_a_first_deployment_has_no_canary(stack: Stack, pulumi_cli: PulumiStandIn) -> None:
    pulumi_cli.outputs = {"newestVersion": "7"}
    with pytest.raises(PulumiFailed, match="no output functionName"):  # the stand-in's update does not add it
        roll_out("prod", stack.clients)
    assert [config_of(update) for update in pulumi_cli.updates] == [{}]


@pytest.mark.parametrize("gone", ["alias", "function"])
def test_a_rollout_starts_afresh_if_the_function_or_alias_is_gone(
    stack: Stack, pulumi_cli: PulumiStandIn, gone: str
) -> None:
    if gone == "alias":
        stack.lambda_.delete_alias(FunctionName="classifier", Name=ALIAS_NAME)
    else:
        stack.lambda_.delete_function(FunctionName="classifier")
    with pytest.raises(NotServed, match="is gone"):  # the stand-in's update does not recreate it
        roll_out("prod", stack.clients)
    assert [config_of(update) for update in pulumi_cli.updates] == [{}]
    with pytest.raises(NothingToReturnTo, match="make rollout"):
        roll_back("prod", stack.clients)


def test_verify_fails_if_the_alias_serves_another_version(stack: Stack, pulumi_cli: PulumiStandIn) -> None:
    verify("prod", stack.clients)
    for version, weights in (("6", {}), ("6", {"7": 0.1})):
        stack.point(version, weights)
        with pytest.raises(NotServed, match="version 6"):
            verify("prod", stack.clients)
    stack.point("7", {"6": 1.0})  # as Lambda itself does while it warms version 7
    verify("prod", stack.clients)


def test_a_rollout_skips_the_bake_if_nothing_was_published(stack: Stack, pulumi_cli: PulumiStandIn) -> None:
    pulumi_cli.that("nothing-new")
    assert roll_out("prod", stack.clients)
    assert stack.waited == []
    assert config_of(pulumi_cli.updates[-1]) == {"stableVersion": "7"}


def test_a_checkout_change_during_the_bake_gets_no_traffic(stack: Stack, pulumi_cli: PulumiStandIn) -> None:
    stack.events[3] = lambda: pulumi_cli.that("changed")
    assert roll_out("prod", stack.clients)
    assert pulumi_cli.outputs["newestVersion"] == "9"
    assert stack.live == ("8", False)
    assert "version 9 was published" in stack.said[-1]
    assert "make rollout STACK=prod" in stack.said[-1]


def test_the_live_version_is_the_stable_one_after_a_manual_rollback(stack: Stack, pulumi_cli: PulumiStandIn) -> None:
    stack.point("5")  # in the console, so the stack's outputs still say 7
    assert roll_out("prod", stack.clients)
    assert config_of(pulumi_cli.updates[0]) == {"stableVersion": "5", "canary": "true"}


def test_a_rollout_does_not_undo_a_rollback_during_the_bake(stack: Stack, pulumi_cli: PulumiStandIn) -> None:
    stack.events[3] = lambda: roll_back("prod", stack.clients)
    assert not roll_out("prod", stack.clients)
    assert len(stack.waited) == 3
    assert stack.live == ("7", False)
    assert any("in the meantime" in line for line in stack.said)


def test_a_rollout_refuses_a_held_stack_and_names_the_unhold_command(
    stack: Stack, pulumi_cli: PulumiStandIn, held: None
) -> None:
    with pytest.raises(OnHold, match=r"stableVersion: 6 holds prod.*make unhold STACK=prod"):
        roll_out("prod", stack.clients)
    assert pulumi_cli.updates == []


def test_unhold_removes_stable_version_and_keeps_the_canary(
    stack: Stack, pulumi_cli: PulumiStandIn, held: None
) -> None:
    end_hold("prod", stack.clients)
    assert pulumi_cli.calls == [["config", "rm", f"{project_name()}:stableVersion", "--stack", "prod"]]
    assert "10 %" in stack.said[-1]


def test_unhold_changes_nothing_if_nothing_is_held(stack: Stack, pulumi_cli: PulumiStandIn) -> None:
    end_hold("prod", stack.clients)
    assert pulumi_cli.calls == []


def test_a_rollout_applies_the_policy_pack_and_a_rollback_runs_no_update(
    stack: Stack, pulumi_cli: PulumiStandIn
) -> None:
    roll_out("dev", stack.clients)
    roll_back("dev", stack.clients)
    (update,) = pulumi_cli.updates
    assert update[update.index("--policy-pack") + 1] == "policy"


def test_a_rollout_stops_at_a_failed_update_and_names_it(stack: Stack, pulumi_cli: PulumiStandIn) -> None:
    pulumi_cli.that("broken")
    with pytest.raises(PulumiFailed, match="pulumi up --yes"):
        roll_out("prod", stack.clients)
    assert len(pulumi_cli.updates) == 1
    assert pulumi_cli.saved == []


def test_the_error_for_a_missing_cli_links_to_its_installation(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(PulumiFailed, match="docs/install"):
        outputs("dev")


# Rollback


def test_a_rollback_moves_the_alias_and_records_it_without_an_update(stack: Stack, pulumi_cli: PulumiStandIn) -> None:
    assert roll_back("prod", stack.clients) == "6"
    assert stack.live == ("6", False)
    assert pulumi_cli.updates == []
    assert pulumi_cli.saved == [("stableVersion", "6")]
    assert pulumi_cli.calls[-1] == ["refresh", "--yes", "--skip-preview", "--stack", "prod", "--target", ALIAS]


def test_a_rollback_waits_for_a_running_update_and_moves_the_alias_again(
    stack: Stack, pulumi_cli: PulumiStandIn
) -> None:
    pulumi_cli.locked_by("me@elsewhere (pid 1)", "me@elsewhere (pid 1)")
    stack.events[2] = lambda: stack.point("7")
    roll_back("prod", stack.clients)
    assert len(stack.waited) == 2
    assert stack.live == ("6", False)
    assert any("Waiting" in line for line in stack.said)
    assert any("had moved" in line for line in stack.said)


def test_a_rollback_does_not_wait_for_a_dead_update_on_this_machine(stack: Stack, pulumi_cli: PulumiStandIn) -> None:
    with subprocess.Popen(["true"]) as ended:
        ended.wait()
    pulumi_cli.locked_by(*[f"me@{socket.gethostname()} (pid {ended.pid})"] * 9)
    assert roll_back("prod", stack.clients) == "6"
    assert stack.waited == []
    assert "pulumi cancel --stack prod" in stack.said[-1]


def test_a_rollback_reports_a_persistent_lock_after_it_moves_the_alias(stack: Stack, pulumi_cli: PulumiStandIn) -> None:
    pulumi_cli.locked_by(*[f"me@{socket.gethostname()} (pid {os.getpid()})"] * 99)
    with pytest.raises(StillLocked, match=r"version 6 is live.*make rollback STACK=prod VERSION=6"):
        roll_back("prod", stack.clients)
    assert sum(stack.waited) <= LOCK_PATIENCE_SECONDS
    assert stack.live == ("6", False)
    assert pulumi_cli.saved == [("stableVersion", "6")]


def test_a_rollback_during_a_canary_goes_to_the_stable_version(stack: Stack, pulumi_cli: PulumiStandIn) -> None:
    stack.point("6", {"7": 0.1})
    assert roll_back("prod", stack.clients) == "6"


def test_a_rollback_during_warming_goes_to_the_previous_version(stack: Stack) -> None:
    stack.point("7", {"6": 1.0})  # as Lambda does with provisioned concurrency, for good if 7 cannot start
    assert roll_back("prod", stack.clients) == "6"


def test_a_rollback_can_target_any_version(stack: Stack) -> None:
    assert roll_back("prod", stack.clients, "3") == "3"


@pytest.mark.parametrize("version", ["8", "$LATEST", "6; true"])
def test_a_rollback_refuses_an_unknown_version_and_lists_the_valid_ones(
    stack: Stack, pulumi_cli: PulumiStandIn, version: str
) -> None:
    with pytest.raises(NothingToReturnTo, match="must be one of 7, 6, 5"):
        roll_back("prod", stack.clients, version)
    assert stack.live == ("7", False)


def test_a_rollback_reports_that_a_stack_was_never_deployed(stack: Stack, pulumi_cli: PulumiStandIn) -> None:
    pulumi_cli.outputs = {}
    with pytest.raises(PulumiFailed, match=r"stack 'prod' has no output functionName.*not been deployed"):
        roll_back("prod", stack.clients)


def test_a_second_rollback_goes_back_one_more_version(stack: Stack) -> None:
    assert [roll_back("prod", stack.clients), roll_back("prod", stack.clients)] == ["6", "5"]


def test_a_rollback_from_the_first_version_fails(aws: None, pulumi_cli: PulumiStandIn) -> None:
    with pytest.raises(NothingToReturnTo):
        roll_back("prod", Stack(pulumi_cli, versions=1).clients)


def test_a_rollback_targets_only_the_alias(prod: Recorder) -> None:
    suffix = ALIAS.removeprefix("**")
    assert [r.type for r in prod.resources if r.urn.endswith(suffix)] == ["aws:lambda/alias:Alias"]


# Promotion


def test_promotion_uses_the_image_of_the_live_version() -> None:
    lambda_ = boto3.client("lambda", region_name="us-west-2")  # moto reports the newest image for every version
    with Stubber(lambda_) as stub:
        asked = {"FunctionName": "classifier", "Qualifier": ALIAS_NAME}
        stub.add_response("get_function", {"Code": {"ImageUri": IMAGE}}, asked)
        assert live_image(lambda_, "classifier") == IMAGE
        stub.add_client_error("get_function", "ResourceNotFoundException")
        with pytest.raises(NotServed, match="is gone"):
            live_image(lambda_, "classifier")


def test_an_image_counts_as_promoted_only_from_another_repository() -> None:
    own = OWN_IMAGE.partition("@")[0]
    assert promoted_image({"imageUri": IMAGE, "repositoryUrl": own}) == IMAGE
    assert promoted_image({"imageUri": OWN_IMAGE, "repositoryUrl": own}) is None
    assert promoted_image({"imageUri": OWN_IMAGE, "repositoryUrl": own[:-1]}) == OWN_IMAGE  # a prefix
    assert promoted_image({}) is None
