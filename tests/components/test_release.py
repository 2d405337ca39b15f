"""The program's safeguards for releases: who may pull the image and for how long, canaries, stack names."""

import json
from typing import Any

import pytest

from components.image import PULL
from components.provisioned_concurrency import CONFIG
from function.names import DEAD_LETTERED, METRIC_DIMENSION, METRIC_NAMESPACE, VERSION_DIMENSION
from settings import SettingsError, check_names, max_stack_chars, project_name
from tests.components.state import update
from tests.stacks import DEV, PROD
from tools.local.program import run
from tools.local.recorder import ACCOUNT, Recorder

OTHER = "210987654321"
MOST = max_stack_chars(project_name())
NAME_LIMITS = {  # characters; the services' own limits
    "aws:iam/role:Role": 64,
    "aws:lambda/function:Function": 64,
    "aws:sqs/queue:Queue": 80,
    "aws:iam/policy:Policy": 128,
}


def access(recorder: Recorder) -> dict[str, dict[str, Any]]:
    policy = json.loads(recorder.one("aws:ecr/repositoryPolicy:RepositoryPolicy").inputs["policy"])
    return {statement["Sid"]: statement for statement in policy["Statement"]}


# The image


def test_only_this_accounts_functions_may_pull_unless_others_are_named(stack: Recorder) -> None:
    (statement,) = access(stack).values()
    assert statement["Principal"] == {"Service": "lambda.amazonaws.com"}
    assert statement["Action"] == PULL
    assert statement["Condition"] == {"StringLike": {"aws:SourceArn": [f"arn:aws:lambda:*:{ACCOUNT}:function:*"]}}


def test_a_named_account_and_its_functions_may_only_pull() -> None:
    statements = access(run(DEV, pullAccounts=OTHER))
    assert statements["AccountsPull"]["Principal"] == {"AWS": [f"arn:aws:iam::{OTHER}:root"]}
    assert statements["AccountsPull"]["Action"] == PULL
    arns = statements["LambdaPulls"]["Condition"]["StringLike"]["aws:SourceArn"]
    assert [arn.split(":")[4] for arn in arns] == [ACCOUNT, OTHER]


def test_the_repository_gets_its_policy_before_lambda_can_write_one(stack: Recorder) -> None:
    policy = stack.one("aws:ecr/repositoryPolicy:RepositoryPolicy")
    assert policy.urn in stack.one("docker:index/image:Image").depends_on


@pytest.mark.parametrize("accounts", ["12345", f"{OTHER}, {OTHER}", "prod"])
def test_an_invalid_list_of_pull_accounts_is_refused(accounts: str) -> None:
    with pytest.raises(SettingsError, match="pullAccounts"):
        run(DEV, pullAccounts=accounts)


def test_a_tagged_image_never_expires(stack: Recorder) -> None:
    rules = json.loads(stack.one("aws:ecr/lifecyclePolicy:LifecyclePolicy").inputs["policy"])["rules"]
    assert [rule["selection"]["tagStatus"] for rule in rules] == ["untagged"]


# The canary


ALIAS = "aws:lambda/alias:Alias"

CANARY_ALARMS = {"alarm-canary-errors", "alarm-canary-dead-letters"}


def test_the_newest_version_takes_all_traffic_without_a_stable_one(stack: Recorder) -> None:
    alias = stack.one(ALIAS).inputs
    assert alias["functionVersion"] == stack.outputs["newestVersion"]
    assert "routingConfig" not in alias
    assert not CANARY_ALARMS & {r.name for r in stack.resources}


def test_a_canary_gets_its_share_of_the_traffic() -> None:
    recorder = run(PROD, stableVersion=7, canary=True)  # the recorder answers that the newest is version 1
    alias = recorder.one(ALIAS).inputs
    assert alias["functionVersion"] == "7"
    assert alias["routingConfig"] == {"additionalVersionWeights": {"1": 0.1}}


def test_the_alias_has_no_weights_without_a_new_version() -> None:
    alias = run(PROD, stableVersion=1, canary=True).one(ALIAS).inputs
    assert (alias["functionVersion"], alias["routingConfig"]) == ("1", {"additionalVersionWeights": {}})


@pytest.mark.parametrize("percent", [10, 0])
def test_the_stable_version_takes_all_traffic_after_a_rollback(percent: int) -> None:
    recorder = run(PROD, stableVersion=7, canaryPercent=percent)
    assert recorder.one(ALIAS).inputs["functionVersion"] == "7"
    assert "routingConfig" not in recorder.one(ALIAS).inputs
    assert not CANARY_ALARMS & {r.name for r in recorder.resources}


def test_the_queue_feeds_the_alias_and_so_follows_its_weights() -> None:
    recorder = run(PROD, stableVersion=7, canary=True)
    mapping = recorder.one("aws:lambda/eventSourceMapping:EventSourceMapping").inputs
    assert mapping["functionName"] == recorder.one(ALIAS).outputs["arn"]


def test_a_single_failure_of_the_new_version_raises_an_alarm() -> None:
    recorder = run(PROD, stableVersion=7, canary=True)
    alarm = recorder.one("aws:cloudwatch/metricAlarm:MetricAlarm", "alarm-canary-errors").inputs
    name = recorder.outputs["functionName"]
    assert alarm["dimensions"] == {"FunctionName": name, "Resource": f"{name}:live", "ExecutedVersion": "1"}
    assert (alarm["metricName"], alarm["threshold"]) == ("Errors", 1)


def test_dead_letters_of_the_new_version_raise_their_own_alarm() -> None:
    recorder = run(PROD, stableVersion=7, canary=True, dlqDepthThreshold=2)
    alarm = recorder.one("aws:cloudwatch/metricAlarm:MetricAlarm", "alarm-canary-dead-letters").inputs
    name = recorder.outputs["functionName"]
    assert alarm["dimensions"] == {METRIC_DIMENSION: name, VERSION_DIMENSION: "1"}
    assert (alarm["namespace"], alarm["metricName"], alarm["threshold"]) == (METRIC_NAMESPACE, DEAD_LETTERED, 2)


def test_the_program_leaves_provisioned_concurrency_alone_during_a_canary() -> None:
    steady = run(DEV, provisionedConcurrency=2, canaryPercent=10)
    has = {f"{CONFIG}::warm": {"qualifier": "live"}}
    shifting = update(has, provisionedConcurrency=2, canaryPercent=10, stableVersion=7, canary=True)
    assert steady.one(CONFIG).ignore_changes == []
    assert shifting.one(CONFIG).ignore_changes == ["provisionedConcurrentExecutions"]


def test_provisioned_concurrency_starts_only_after_a_canary() -> None:
    during = run(DEV, provisionedConcurrency=2, canaryPercent=10, stableVersion=7, canary=True)
    assert during.all(CONFIG) == []
    after = run(DEV, provisionedConcurrency=2, canaryPercent=10, stableVersion=8)
    assert after.one(CONFIG).inputs["provisionedConcurrentExecutions"] == 2


def test_a_bake_too_short_for_the_alarms_is_refused() -> None:
    with pytest.raises(SettingsError, match="bakeMinutes: 9 must be at least 10"):
        run(PROD, bakeMinutes=9)
    run(DEV, bakeMinutes=0)


# The stack's name


@pytest.mark.parametrize("name", ["dev", "pr-17", "s" * MOST])
def test_a_stack_name_that_every_service_allows_is_accepted(name: str) -> None:
    check_names(project_name(), name)


@pytest.mark.parametrize("name", ["Dev", "my.stack", "a_b", "a--b", "-a", "a-", "", "s" * (MOST + 1)])
def test_the_error_on_a_bad_stack_name_says_what_is_allowed(name: str) -> None:
    with pytest.raises(SettingsError, match=r"single hyphens between them|at most \d+ characters"):
        check_names(project_name(), name)


@pytest.mark.parametrize("name", ["Acme", "acme.mood", "acme_mood"])
def test_a_project_name_that_some_service_refuses_is_refused(name: str) -> None:
    with pytest.raises(SettingsError, match=f"project name: '{name}' must be a-z"):
        check_names(name, "dev")


def test_a_longer_project_name_leaves_the_stack_fewer_characters() -> None:
    check_names("sentiment-analyzer", "s" * 24)
    check_names("acme-mood", "s" * 33)
    with pytest.raises(SettingsError, match="must have at most 23 characters: with the project's name"):
        check_names("sentiment-analyzers", "s" * 24)


@pytest.mark.parametrize(("type_", "limit"), NAME_LIMITS.items())
def test_the_longest_stack_name_still_fits_every_resource(stack: Recorder, type_: str, limit: int) -> None:
    longer = MOST - len(stack.stack)
    assert max(len(r.outputs["name"]) for r in stack.all(type_)) + longer <= limit
