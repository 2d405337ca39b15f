"""Rollouts by canary, and rollbacks: the CLI's commands, the alarms as judge, another stack's image."""

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
OTHERS = f"{project_name()}-prod-alarm-alarm-errors-1a2b3c"  # of a stack that is called prod-alarm
IMAGE = "123456789012.dkr.ecr.us-west-2.amazonaws.com/sentiment@sha256:" + "0" * 64

CHECKED: dict[str, Any] = {
    "results": [{"text": "Good.", "sentiment": "good", "score": 0.9, "built": {"sentiment": "good", "score": 0.9}}]
}  # a version's answer to a check
OWN_IMAGE = "123456789012.dkr.ecr.us-west-2.amazonaws.com/own@sha256:" + "1" * 64
pytestmark = pytest.mark.slow(reason="each rollout runs the program to check its settings")


class Stack:
    """A function with versions and its alias, two alarms, and a clock that stands still between checks."""

    def __init__(self, cli: PulumiStandIn, versions: int):
        self.said: list[str] = []
        self.waited: list[float] = []
        self.events: dict[int, Callable[[], object]] = {}  # what happens before which check
        self.cli, self.updates_seen = cli, 0
        self.lambda_, self.cloudwatch = boto3.client("lambda"), boto3.client("cloudwatch")
        self.lambda_.meta.events.register("before-parameter-build.lambda.GetAlias", self._take_over_updates)
        self.lambda_.meta.events.register("before-call.lambda.Invoke", self._invoke)  # moto would start a container
        self.asked: list[str] = []  # which versions
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
        """Move the alias as the console would, or Lambda itself."""
        routing = {"AdditionalVersionWeights": weights or {}}
        self.lambda_.update_alias(
            FunctionName="classifier", Name=ALIAS_NAME, FunctionVersion=version, RoutingConfig=routing
        )

    def _take_over_updates(self, **_: object) -> None:
        """What the stand-in's updates did, done to moto's function before it is asked."""
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


def test_only_the_image_stays_in_the_stacks_file_and_only_after_an_update_with_it(
    stack: Stack, pulumi_cli: PulumiStandIn
) -> None:
    roll_out("prod", stack.clients, IMAGE)
    assert set(pulumi_cli.saved) == {("imageUri", IMAGE)}
    commands = [call[:2] for call in pulumi_cli.calls if call[0] in ("up", "config")]
    assert [command[0] for command in commands] == ["up", "config", "up", "config"]
    for update in pulumi_cli.updates:  # what the CLI saves before it updates goes into a copy
        assert not update[update.index("--config-file") + 1].startswith(str(ROOT))


@pytest.mark.parametrize("image", ["foo", IMAGE.partition("@")[0] + ":latest", IMAGE.replace("us-west-2", "eu-west-1")])
def test_an_image_that_is_no_digest_of_the_region_is_refused_before_the_cli_is_asked(
    stack: Stack, pulumi_cli: PulumiStandIn, image: str
) -> None:
    with pytest.raises((SettingsError, pulumi.RunError), match="imageUri"):
        roll_out("prod", stack.clients, image)
    assert pulumi_cli.calls == []


def test_an_alarm_during_the_bake_takes_the_version_back_at_once(stack: Stack, pulumi_cli: PulumiStandIn) -> None:
    stack.events[3] = lambda: stack.alarm(NEW)
    assert not roll_out("prod", stack.clients)
    assert len(stack.waited) == 3
    assert len(pulumi_cli.updates) == 1
    assert stack.live == ("7", False)
    assert pulumi_cli.saved == [("stableVersion", "7")]
    assert any(NEW in line for line in stack.said)


@pytest.mark.parametrize("ran", [True, False])
def test_a_version_that_got_no_batch_goes_live_with_a_word_about_it(stack: Stack, ran: bool) -> None:
    if ran:
        stack.ran("8")
    assert roll_out("prod", stack.clients)
    assert any("got no batch" in line for line in stack.said) is not ran


def test_a_version_that_answers_otherwise_than_when_it_was_built_is_taken_back_before_any_bake(
    stack: Stack, pulumi_cli: PulumiStandIn
) -> None:
    stack.answer = {"results": [{**CHECKED["results"][0], "sentiment": "bad"}]}
    assert not roll_out("prod", stack.clients)
    assert stack.asked == ["8"]
    assert stack.waited == []
    assert stack.live == ("7", False)
    assert pulumi_cli.saved == [("stableVersion", "7")]
    assert any("version 8 is wrong: bad 0.900, but its model answered good" in line for line in stack.said)


def test_a_version_that_cannot_be_asked_for_lack_of_executions_is_left_to_the_alarms(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(canary, "BUSY_SECONDS", 0)
    stack.busy = True
    assert roll_out("prod", stack.clients)
    assert any("no free execution" in line and "only the alarms" in line for line in stack.said)


def test_an_alarm_that_was_on_before_does_not_keep_a_repair_out(stack: Stack, pulumi_cli: PulumiStandIn) -> None:
    stack.alarm(OLD)
    assert roll_out("prod", stack.clients)
    assert any("do not judge" in line and OLD in line for line in stack.said)


def test_an_alarm_of_a_stack_whose_name_begins_alike_is_no_judge(stack: Stack) -> None:
    stack.events[3] = lambda: stack.alarm(OTHERS)
    assert roll_out("prod", stack.clients)


def test_an_alarm_at_the_last_check_still_counts(stack: Stack) -> None:
    stack.events[15 * 2] = lambda: stack.alarm(NEW)  # two checks a minute
    assert not roll_out("prod", stack.clients)


def test_without_a_canary_the_newest_goes_live_in_one_update(stack: Stack, pulumi_cli: PulumiStandIn) -> None:
    assert roll_out("dev", stack.clients)
    assert [config_of(update) for update in pulumi_cli.updates] == [{}]
    assert stack.waited == []


def test_a_stacks_first_version_has_nothing_to_stand_beside(stack: Stack, pulumi_cli: PulumiStandIn) -> None:
    pulumi_cli.outputs = {"newestVersion": "7"}
    with pytest.raises(PulumiFailed, match="no output functionName"):  # the stand-in's update makes none
        roll_out("prod", stack.clients)
    assert [config_of(update) for update in pulumi_cli.updates] == [{}]


@pytest.mark.parametrize("gone", ["alias", "function"])
def test_where_function_or_alias_is_gone_a_rollout_is_a_first_deployment(
    stack: Stack, pulumi_cli: PulumiStandIn, gone: str
) -> None:
    if gone == "alias":
        stack.lambda_.delete_alias(FunctionName="classifier", Name=ALIAS_NAME)
    else:
        stack.lambda_.delete_function(FunctionName="classifier")
    with pytest.raises(NotServed, match="is gone"):  # the stand-in's update makes none anew
        roll_out("prod", stack.clients)
    assert [config_of(update) for update in pulumi_cli.updates] == [{}]
    with pytest.raises(NothingToReturnTo, match="make rollout"):
        roll_back("prod", stack.clients)


def test_an_update_after_which_the_alias_is_elsewhere_fails(stack: Stack, pulumi_cli: PulumiStandIn) -> None:
    verify("prod", stack.clients)
    for version, weights in (("6", {}), ("6", {"7": 0.1})):
        stack.point(version, weights)
        with pytest.raises(NotServed, match="version 6"):
            verify("prod", stack.clients)
    stack.point("7", {"6": 1.0})  # Lambda itself, while it warms version 7
    verify("prod", stack.clients)


def test_where_nothing_was_published_nothing_is_watched(stack: Stack, pulumi_cli: PulumiStandIn) -> None:
    pulumi_cli.that("nothing-new")
    assert roll_out("prod", stack.clients)
    assert stack.waited == []
    assert config_of(pulumi_cli.updates[-1]) == {"stableVersion": "7"}


def test_what_the_checkout_became_during_the_bake_is_published_and_gets_nothing(
    stack: Stack, pulumi_cli: PulumiStandIn
) -> None:
    stack.events[3] = lambda: pulumi_cli.that("changed")
    assert roll_out("prod", stack.clients)
    assert pulumi_cli.outputs["newestVersion"] == "9"
    assert stack.live == ("8", False)
    assert "version 9 was published" in stack.said[-1]
    assert "make rollout STACK=prod" in stack.said[-1]


def test_what_was_rolled_back_by_hand_is_not_the_stable_version(stack: Stack, pulumi_cli: PulumiStandIn) -> None:
    stack.point("5")  # in the console, so the stack's outputs still say 7
    assert roll_out("prod", stack.clients)
    assert config_of(pulumi_cli.updates[0]) == {"stableVersion": "5", "canary": "true"}


def test_a_rollback_during_the_bake_stands(stack: Stack, pulumi_cli: PulumiStandIn) -> None:
    stack.events[3] = lambda: roll_back("prod", stack.clients)
    assert not roll_out("prod", stack.clients)
    assert len(stack.waited) == 3
    assert stack.live == ("7", False)
    assert any("in the meantime" in line for line in stack.said)


def test_a_stack_that_a_rollback_holds_is_not_rolled_out_and_the_command_that_ends_it_is_named(
    stack: Stack, pulumi_cli: PulumiStandIn, held: None
) -> None:
    with pytest.raises(OnHold, match=r"stableVersion: 6 holds prod.*make unhold STACK=prod"):
        roll_out("prod", stack.clients)
    assert pulumi_cli.updates == []


def test_ending_a_hold_takes_stable_version_out_and_leaves_the_canary(
    stack: Stack, pulumi_cli: PulumiStandIn, held: None
) -> None:
    end_hold("prod", stack.clients)
    assert pulumi_cli.calls == [["config", "rm", f"{project_name()}:stableVersion", "--stack", "prod"]]
    assert "10 %" in stack.said[-1]


def test_where_nothing_is_held_ending_it_changes_nothing(stack: Stack, pulumi_cli: PulumiStandIn) -> None:
    end_hold("prod", stack.clients)
    assert pulumi_cli.calls == []


def test_the_stacks_rules_hold_for_an_update_and_never_stop_a_rollback(stack: Stack, pulumi_cli: PulumiStandIn) -> None:
    roll_out("dev", stack.clients)
    roll_back("dev", stack.clients)
    (update,) = pulumi_cli.updates
    assert update[update.index("--policy-pack") + 1] == "policy"


def test_an_update_that_fails_is_named_and_nothing_follows(stack: Stack, pulumi_cli: PulumiStandIn) -> None:
    pulumi_cli.that("broken")
    with pytest.raises(PulumiFailed, match="pulumi up --yes"):
        roll_out("prod", stack.clients)
    assert len(pulumi_cli.updates) == 1
    assert pulumi_cli.saved == []


def test_without_the_cli_it_says_where_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(PulumiFailed, match="docs/install"):
        outputs("dev")


# Rollback


def test_a_rollback_moves_the_alias_first_then_holds_it_in_file_and_state_and_runs_no_program(
    stack: Stack, pulumi_cli: PulumiStandIn
) -> None:
    assert roll_back("prod", stack.clients) == "6"
    assert stack.live == ("6", False)
    assert pulumi_cli.updates == []
    assert pulumi_cli.saved == [("stableVersion", "6")]
    assert pulumi_cli.calls[-1] == ["refresh", "--yes", "--skip-preview", "--stack", "prod", "--target", ALIAS]


def test_a_rollback_waits_for_an_update_that_holds_the_state_and_moves_the_alias_again_if_that_moved_it(
    stack: Stack, pulumi_cli: PulumiStandIn
) -> None:
    pulumi_cli.locked_by("me@elsewhere (pid 1)", "me@elsewhere (pid 1)")
    stack.events[2] = lambda: stack.point("7")
    roll_back("prod", stack.clients)
    assert len(stack.waited) == 2
    assert stack.live == ("6", False)
    assert any("Waiting" in line for line in stack.said)
    assert any("had moved" in line for line in stack.said)


def test_a_rollback_does_not_wait_for_an_update_of_this_machine_that_died(
    stack: Stack, pulumi_cli: PulumiStandIn
) -> None:
    with subprocess.Popen(["true"]) as ended:
        ended.wait()
    pulumi_cli.locked_by(*[f"me@{socket.gethostname()} (pid {ended.pid})"] * 9)
    assert roll_back("prod", stack.clients) == "6"
    assert stack.waited == []
    assert "pulumi cancel --stack prod" in stack.said[-1]


def test_a_lock_that_stays_fails_a_rollback_though_the_version_is_live(stack: Stack, pulumi_cli: PulumiStandIn) -> None:
    pulumi_cli.locked_by(*[f"me@{socket.gethostname()} (pid {os.getpid()})"] * 99)
    with pytest.raises(StillLocked, match=r"version 6 is live.*make rollback STACK=prod VERSION=6"):
        roll_back("prod", stack.clients)
    assert sum(stack.waited) <= LOCK_PATIENCE_SECONDS
    assert stack.live == ("6", False)
    assert pulumi_cli.saved == [("stableVersion", "6")]


def test_a_rollback_during_a_canary_goes_to_the_stable_version(stack: Stack, pulumi_cli: PulumiStandIn) -> None:
    stack.point("6", {"7": 0.1})
    assert roll_back("prod", stack.clients) == "6"


def test_a_rollback_while_lambda_warms_the_new_version_goes_to_the_one_before(stack: Stack) -> None:
    stack.point("7", {"6": 1.0})  # as Lambda does with provisioned concurrency, for good where 7 cannot start
    assert roll_back("prod", stack.clients) == "6"


def test_a_rollback_goes_to_any_version_that_is_named(stack: Stack) -> None:
    assert roll_back("prod", stack.clients, "3") == "3"


@pytest.mark.parametrize("version", ["8", "$LATEST", "6; true"])
def test_a_version_that_is_not_there_is_refused_with_those_that_are(
    stack: Stack, pulumi_cli: PulumiStandIn, version: str
) -> None:
    with pytest.raises(NothingToReturnTo, match="must be one of 7, 6, 5"):
        roll_back("prod", stack.clients, version)
    assert stack.live == ("7", False)


def test_a_stack_that_was_never_deployed_says_so(stack: Stack, pulumi_cli: PulumiStandIn) -> None:
    pulumi_cli.outputs = {}
    with pytest.raises(PulumiFailed, match=r"stack 'prod' has no output functionName.*not been deployed"):
        roll_back("prod", stack.clients)


def test_a_second_rollback_goes_one_further(stack: Stack) -> None:
    assert [roll_back("prod", stack.clients), roll_back("prod", stack.clients)] == ["6", "5"]


def test_there_is_nothing_before_the_first_version(aws: None, pulumi_cli: PulumiStandIn) -> None:
    with pytest.raises(NothingToReturnTo):
        roll_back("prod", Stack(pulumi_cli, versions=1).clients)


def test_the_target_of_a_rollback_is_the_alias_and_nothing_else(prod: Recorder) -> None:
    suffix = ALIAS.removeprefix("**")
    assert [r.type for r in prod.resources if r.urn.endswith(suffix)] == ["aws:lambda/alias:Alias"]


# Promotion


def test_the_image_of_the_version_that_is_live_is_promoted_and_not_the_newest() -> None:
    lambda_ = boto3.client("lambda", region_name="us-west-2")  # moto gives all versions the newest's image
    with Stubber(lambda_) as stub:
        asked = {"FunctionName": "classifier", "Qualifier": ALIAS_NAME}
        stub.add_response("get_function", {"Code": {"ImageUri": IMAGE}}, asked)
        assert live_image(lambda_, "classifier") == IMAGE
        stub.add_client_error("get_function", "ResourceNotFoundException")
        with pytest.raises(NotServed, match="is gone"):
            live_image(lambda_, "classifier")


def test_a_stack_runs_anothers_image_unless_it_is_of_its_own_repository() -> None:
    own = OWN_IMAGE.partition("@")[0]
    assert promoted_image({"imageUri": IMAGE, "repositoryUrl": own}) == IMAGE
    assert promoted_image({"imageUri": OWN_IMAGE, "repositoryUrl": own}) is None
    assert promoted_image({"imageUri": OWN_IMAGE, "repositoryUrl": own[:-1]}) == OWN_IMAGE  # a name that begins alike
    assert promoted_image({}) is None
