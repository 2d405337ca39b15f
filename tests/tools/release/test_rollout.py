"""Rollouts by canary and rollbacks: the CLI's commands, the alarms as judge, the image that promotion keeps."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import boto3
import pytest
from botocore.exceptions import ClientError

from components.function import ALIAS as ALIAS_NAME
from tests.pulumi_stand_in import PulumiStandIn
from tests.tools.release.published import publish, pushed
from tools.local.recorder import Recorder
from tools.release import canary
from tools.release.canary import ALIAS, Clients, OnHold, roll_back, roll_out
from tools.release.promotion import keep, promoted_image
from tools.release.pulumi_cli import PulumiFailed, outputs
from tools.release.versions import NothingToReturnTo

OLD, NEW = "alarm-errors", "alarm-dlq-depth"
IMAGE = "123456789012.dkr.ecr.us-west-2.amazonaws.com/sentiment@sha256:" + "0" * 64


OWN_IMAGE = "123456789012.dkr.ecr.us-west-2.amazonaws.com/own@sha256:" + "1" * 64


class Stack:
    """A function with versions and its alias, two alarms, and a clock that stands still between checks."""

    def __init__(self, cli: PulumiStandIn, versions: int):
        self.said: list[str] = []
        self.waited: list[float] = []
        self.events: dict[int, Callable[[], object]] = {}  # what happens before which check
        self.cli, self.updates_seen = cli, 0
        self.lambda_, self.cloudwatch = boto3.client("lambda"), boto3.client("cloudwatch")
        self.lambda_.meta.events.register("before-parameter-build.lambda.GetAlias", self._take_over_updates)
        for name in (OLD, NEW):
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
            "liveVersion": str(versions),
            "newestVersion": str(versions),
            "alarmNames": [OLD, NEW],
            "imageUri": OWN_IMAGE,
            "repositoryUrl": OWN_IMAGE.partition("@")[0],
        }
        self.clients = Clients(cloudwatch=self.cloudwatch, lambda_=self.lambda_, sleep=self._wait, say=self.said.append)

    def alarm(self, name: str) -> None:
        self.cloudwatch.set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="test")

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
            self.point(self.cli.outputs["liveVersion"], self.cli.weights)

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
    return dict(pair.removeprefix("sentiment-analyzer:").split("=", 1) for pair in pairs)


# Rollout


def test_a_version_that_raises_no_alarm_goes_live_after_the_bake(stack: Stack, pulumi_cli: PulumiStandIn) -> None:
    assert roll_out("prod", stack.clients, IMAGE)
    assert [config_of(update) for update in pulumi_cli.updates] == [
        {"imageUri": IMAGE, "stableVersion": "7"},
        {"stableVersion": "0"},
    ]
    assert sum(stack.waited) == 15 * 60  # prod's bakeMinutes
    assert pulumi_cli.outputs["liveVersion"] == "8"


def test_an_alarm_during_the_bake_takes_the_version_back_at_once(stack: Stack, pulumi_cli: PulumiStandIn) -> None:
    stack.events[3] = lambda: stack.alarm(NEW)
    assert not roll_out("prod", stack.clients)
    assert len(stack.waited) == 3
    back = pulumi_cli.updates[-1]
    assert config_of(back) == {"stableVersion": "7", "canaryPercent": "0"}
    assert back[-2:] == ["--target", ALIAS]
    assert pulumi_cli.outputs["liveVersion"] == "7"
    assert any(NEW in line for line in stack.said)


@pytest.mark.parametrize("ran", [True, False])
def test_a_version_that_got_no_batch_goes_live_with_a_word_about_it(stack: Stack, ran: bool) -> None:
    if ran:
        stack.ran("8")
    assert roll_out("prod", stack.clients)
    assert any("got no batch" in line for line in stack.said) is not ran


def test_an_alarm_that_was_on_before_does_not_keep_a_repair_out(stack: Stack, pulumi_cli: PulumiStandIn) -> None:
    stack.alarm(OLD)
    assert roll_out("prod", stack.clients)
    assert any("no judge" in line and OLD in line for line in stack.said)


def test_an_alarm_at_the_last_check_still_counts(stack: Stack) -> None:
    stack.events[15 * 2] = lambda: stack.alarm(NEW)  # two checks a minute
    assert not roll_out("prod", stack.clients)


def test_without_a_canary_the_newest_goes_live_in_one_update(stack: Stack, pulumi_cli: PulumiStandIn) -> None:
    assert roll_out("dev", stack.clients)
    assert [config_of(update) for update in pulumi_cli.updates] == [{"stableVersion": "0"}]
    assert stack.waited == []


def test_a_stacks_first_version_has_nothing_to_stand_beside(stack: Stack, pulumi_cli: PulumiStandIn) -> None:
    pulumi_cli.outputs = {"newestVersion": "0"}
    assert roll_out("prod", stack.clients)
    assert len(pulumi_cli.updates) == 1


def test_where_nothing_was_published_nothing_is_watched(stack: Stack, pulumi_cli: PulumiStandIn) -> None:
    pulumi_cli.that("nothing-new")
    assert roll_out("prod", stack.clients)
    assert stack.waited == []
    assert config_of(pulumi_cli.updates[-1]) == {"stableVersion": "0"}


def test_what_was_rolled_back_by_hand_is_not_the_stable_version(stack: Stack, pulumi_cli: PulumiStandIn) -> None:
    stack.point("5")  # in the console, so the stack's outputs still say 7
    assert roll_out("prod", stack.clients)
    assert config_of(pulumi_cli.updates[0]) == {"stableVersion": "5"}


def test_a_rollback_during_the_bake_stands(stack: Stack, pulumi_cli: PulumiStandIn) -> None:
    stack.events[3] = lambda: roll_back("prod", stack.clients)
    assert not roll_out("prod", stack.clients)
    assert pulumi_cli.outputs["liveVersion"] == "7"
    assert any("meanwhile" in line for line in stack.said)


def test_a_stack_that_a_rollback_holds_is_not_rolled_out_until_its_file_lets_go(
    stack: Stack, pulumi_cli: PulumiStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved = {"stableVersion": 6, "canaryPercent": 0, "bakeMinutes": 15}
    monkeypatch.setattr(canary, "setting", lambda _, key: saved[key])
    with pytest.raises(OnHold, match="stableVersion: 6 holds prod"):
        roll_out("prod", stack.clients)
    assert pulumi_cli.updates == []


def test_the_stacks_rules_hold_for_an_update_and_never_stop_a_rollback(stack: Stack, pulumi_cli: PulumiStandIn) -> None:
    roll_out("dev", stack.clients)
    roll_back("dev", stack.clients)
    update, rollback = pulumi_cli.updates
    assert update[-2:] == ["--policy-pack", "policy"]
    assert "--policy-pack" not in rollback


def test_an_update_that_fails_is_named_and_nothing_follows(stack: Stack, pulumi_cli: PulumiStandIn) -> None:
    pulumi_cli.that("broken")
    with pytest.raises(PulumiFailed, match="pulumi up --yes"):
        roll_out("prod", stack.clients)
    assert len(pulumi_cli.updates) == 1


def test_without_the_cli_it_says_where_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(PulumiFailed, match="docs/install"):
        outputs("dev")


# Rollback


def test_a_rollback_goes_to_the_version_before_and_touches_the_alias_alone(
    stack: Stack, pulumi_cli: PulumiStandIn
) -> None:
    assert roll_back("prod", stack.clients) == "6"
    (update,) = pulumi_cli.updates
    assert config_of(update) == {"stableVersion": "6", "canaryPercent": "0"}
    assert update[-2:] == ["--target", ALIAS]


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
    assert pulumi_cli.updates == []


def test_a_stack_that_was_never_deployed_says_so(stack: Stack, pulumi_cli: PulumiStandIn) -> None:
    pulumi_cli.outputs = {}
    with pytest.raises(PulumiFailed, match=r"stack 'prod' has no output functionName.*not been deployed"):
        roll_back("prod", stack.clients)


def test_a_rollback_from_a_fresh_checkout_knows_the_promoted_image(stack: Stack, pulumi_cli: PulumiStandIn) -> None:
    pulumi_cli.outputs = {**pulumi_cli.outputs, "imageUri": IMAGE}
    roll_back("prod", stack.clients)
    assert config_of(pulumi_cli.updates[-1])["imageUri"] == IMAGE


def test_a_second_rollback_goes_one_further(stack: Stack) -> None:
    assert [roll_back("prod", stack.clients), roll_back("prod", stack.clients)] == ["6", "5"]


def test_there_is_nothing_before_the_first_version(aws: None, pulumi_cli: PulumiStandIn) -> None:
    with pytest.raises(NothingToReturnTo):
        roll_back("prod", Stack(pulumi_cli, versions=1).clients)


def test_the_target_of_a_rollback_is_the_alias_and_nothing_else(prod: Recorder) -> None:
    suffix = ALIAS.removeprefix("**")
    assert [r.type for r in prod.resources if r.urn.endswith(suffix)] == ["aws:lambda/alias:Alias"]


# Promotion


def test_a_promoted_image_gets_the_tag_that_the_lifecycle_keeps_however_often(aws: None) -> None:
    ecr = boto3.client("ecr")
    image_uri = pushed(ecr)
    tag = keep(ecr, image_uri)
    assert keep(ecr, image_uri) == tag
    digest = image_uri.partition("@")[2]
    (image,) = ecr.describe_images(repositoryName="sentiment", imageIds=[{"imageDigest": digest}])["imageDetails"]
    assert sorted(image["imageTags"]) == ["build", tag]
    assert tag.startswith("promoted-")


def test_an_image_that_is_gone_cannot_be_promoted(aws: None) -> None:
    ecr = boto3.client("ecr")
    gone = pushed(ecr).partition("@")[0] + "@sha256:" + "f" * 64
    with pytest.raises((LookupError, ClientError)):
        keep(ecr, gone)


def test_a_stack_runs_anothers_image_unless_it_is_of_its_own_repository() -> None:
    own = OWN_IMAGE.partition("@")[0]
    assert promoted_image({"imageUri": IMAGE, "repositoryUrl": own}) == IMAGE
    assert promoted_image({"imageUri": OWN_IMAGE, "repositoryUrl": own}) is None
    assert promoted_image({"imageUri": OWN_IMAGE, "repositoryUrl": own[:-1]}) == OWN_IMAGE  # a name that begins alike
    assert promoted_image({}) is None


def test_only_a_digest_can_be_promoted(aws: None) -> None:
    with pytest.raises(ValueError, match="by digest"):
        keep(boto3.client("ecr"), "123456789012.dkr.ecr.us-west-2.amazonaws.com/sentiment:latest")
