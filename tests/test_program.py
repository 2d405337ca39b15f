"""The resources that the real __main__.py creates for every stack; the rules for any stack are in policy/."""

import json
import re
from collections import Counter
from typing import Any

from function import names
from sentiment_contract import results
from sentiment_contract.messages import MAX_MESSAGE_BYTES
from tests.stacks import DEV, PROD
from tools.local.program import run
from tools.local.recorder import Recorder, Resource

POLICY = "aws:iam/policy:Policy"
DIGEST = "123456789012.dkr.ecr.us-west-2.amazonaws.com/sentiment@sha256:" + "0" * 64


def role_policy(recorder: Recorder) -> list[dict[str, Any]]:
    return json.loads(recorder.one("aws:iam/rolePolicy:RolePolicy").inputs["policy"])["Statement"]


def managed_policy(recorder: Recorder, name: str) -> list[dict[str, Any]]:
    return json.loads(recorder.one(POLICY, name).inputs["policy"])["Statement"]


# Contracts across all resources


def test_every_resource_has_a_component_as_its_parent(stack: Recorder) -> None:
    components = {r.urn for r in stack.resources if not r.custom}
    assert [r.name for r in stack.resources if r.custom and r.parent not in components] == []


def test_every_component_has_a_type_of_this_project(stack: Recorder) -> None:
    components = {r.type for r in stack.resources if not r.custom}
    assert all(re.fullmatch(r"sentiment-analyzer:components:[A-Z]\w+", type_) for type_ in components)


def test_a_child_is_named_after_its_component(stack: Recorder) -> None:
    by_urn = {r.urn: r for r in stack.resources}
    assert [r.name for r in stack.resources if r.custom and not r.name.startswith(by_urn[r.parent].name)] == []


def test_no_input_is_missing_or_unresolved(stack: Recorder) -> None:
    def holes(value: Any) -> bool:
        if isinstance(value, dict):
            return any(map(holes, value.values()))
        if isinstance(value, list):
            return any(map(holes, value))
        return value is None or (isinstance(value, str) and ("null" in value or "Output" in value))

    assert [(r.name, r.inputs) for r in stack.resources if holes(r.inputs)] == []


def test_no_credential_is_registered_in_plain_text(stack: Recorder) -> None:
    image = stack.one("docker:index/image:Image")
    assert "registry" in image.secrets
    assert not [r.name for r in stack.resources if r is not image and "token" in json.dumps(r.inputs)]


def test_the_stack_exports_what_its_users_need(stack: Recorder) -> None:
    assert list(stack.outputs) == [
        "queueUrl",
        "queueArn",
        "deadLetterQueueUrl",
        "deadLetterQueueArn",
        "tableName",
        "functionName",
        "aliasArn",
        "imageUri",
        "repositoryUrl",
        "dashboardUrl",
        "alarmTopicArn",
        "producerPolicyArn",
        "readerPolicyArn",
        "newestVersion",
    ]
    assert all(stack.outputs.values())


def test_every_taggable_resource_has_the_project_and_stack_tags(stack: Recorder) -> None:
    tagged = {r.type: r.inputs.get("tags") for r in stack.resources if "tags" in r.outputs}
    wanted = {"Project": stack.project.name, "Environment": stack.stack, "ManagedBy": "pulumi"}
    assert [type_ for type_, tags in tagged.items() if tags != wanted] == []
    assert {"aws:kms/key:Key", "aws:sqs/queue:Queue", "aws:dynamodb/table:Table", "aws:iam/role:Role"} <= set(tagged)


def test_stacks_do_not_share_a_physical_name(dev: Recorder, prod: Recorder) -> None:
    def given(recorder: Recorder) -> set[str]:
        keys = ("name", "dashboardName")
        return {r.inputs[k] for r in recorder.resources if "alias" not in r.type for k in keys if k in r.inputs}

    assert given(dev)
    assert not given(dev) & given(prod)


# Queue


def test_a_message_that_fails_too_often_goes_to_the_dead_letter_queue(stack: Recorder) -> None:
    source, dlq = (stack.one("aws:sqs/queue:Queue", name) for name in ("queue", "queue-dlq"))
    redrive = json.loads(source.inputs["redrivePolicy"])
    assert redrive == {"deadLetterTargetArn": dlq.outputs["arn"], "maxReceiveCount": 3}
    allow = json.loads(stack.one("aws:sqs/redriveAllowPolicy:RedriveAllowPolicy").inputs["redriveAllowPolicy"])
    assert allow == {"redrivePermission": "byQueue", "sourceQueueArns": [source.outputs["arn"]]}


def test_queues_keep_messages_for_the_configured_days() -> None:
    recorder = run(DEV, queueRetentionDays=2, dlqRetentionDays=7)
    kept = {queue.name: queue.inputs["messageRetentionSeconds"] for queue in recorder.all("aws:sqs/queue:Queue")}
    assert kept == {"queue": 2 * 86_400, "queue-dlq": 7 * 86_400}


def test_both_queues_take_the_largest_message_of_the_contract(stack: Recorder) -> None:
    sizes = {queue.name: queue.inputs["maxMessageSize"] for queue in stack.all("aws:sqs/queue:Queue")}
    assert sizes == {"queue": MAX_MESSAGE_BYTES, "queue-dlq": MAX_MESSAGE_BYTES}


def test_the_visibility_timeout_follows_from_timeout_and_window() -> None:
    recorder = run(DEV, timeoutSeconds=60, batchWindowSeconds=20)
    assert recorder.one("aws:sqs/queue:Queue", "queue").inputs["visibilityTimeoutSeconds"] == 6 * 60 + 20


def test_a_customer_key_encrypts_both_queues_and_only_their_users_get_it() -> None:
    key = "arn:aws:kms:us-west-2:123456789012:key/0a1b2c3d-0000-4000-8000-0123456789ab"
    recorder = run(DEV, kmsKeyArn=key)
    assert {q.inputs.get("kmsMasterKeyId") for q in recorder.all("aws:sqs/queue:Queue")} == {key}
    producer = managed_policy(recorder, "queue-producer")
    use_key = {
        "Sid": "UseQueueKey",
        "Effect": "Allow",
        "Action": ["kms:GenerateDataKey", "kms:Decrypt"],
        "Resource": [key],
    }
    assert use_key in role_policy(recorder)
    assert use_key in producer
    assert key not in json.dumps(managed_policy(recorder, "results-reader"))


def test_a_producer_may_only_send(stack: Recorder) -> None:
    (statement,) = managed_policy(stack, "queue-producer")
    assert (statement["Action"], statement["Resource"]) == (["sqs:SendMessage"], [stack.outputs["queueArn"]])


# Table


def test_the_table_is_on_demand_and_keyed_by_id(stack: Recorder) -> None:
    table = stack.one("aws:dynamodb/table:Table").inputs
    assert (table["billingMode"], table["hashKey"]) == ("PAY_PER_REQUEST", results.TABLE_KEY)
    assert table["attributes"] == [{"name": results.TABLE_KEY, "type": "S"}]


def test_deletion_protection_makes_pulumi_keep_every_resource_with_data() -> None:
    guarded = {"queue", "queue-dlq", "results", "image"}  # otherwise destroy deletes the rest before the table refuses
    assert {r.name for r in run(DEV, deletionProtection=True).resources if r.protect} == guarded
    assert not [r.name for r in run(DEV, deletionProtection=False).resources if r.protect]


def test_the_table_is_named_after_the_project_unless_the_stack_names_it(dev: Recorder) -> None:
    assert dev.outputs["tableName"] == f"{dev.project.name}-results-dev"
    assert run(DEV, tableName="sentiment-results").outputs["tableName"] == "sentiment-results-dev"


def test_recovery_protection_and_expiry_of_the_table_follow_the_settings(dev: Recorder, prod: Recorder) -> None:
    test, real = (recorder.one("aws:dynamodb/table:Table").inputs for recorder in (dev, prod))
    assert (test["pointInTimeRecovery"], real["pointInTimeRecovery"]) == ({"enabled": False}, {"enabled": True})
    assert (test["deletionProtectionEnabled"], real["deletionProtectionEnabled"]) == (False, True)
    assert test["ttl"] == {"attributeName": results.TABLE_EXPIRY, "enabled": True}
    assert real["ttl"] == {"attributeName": results.TABLE_EXPIRY, "enabled": False}  # left out, it would stay on


def test_a_reader_may_only_read_by_id(stack: Recorder) -> None:
    (statement,) = managed_policy(stack, "results-reader")
    assert statement["Action"] == ["dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:Query"]
    assert statement["Resource"] == [stack.one("aws:dynamodb/table:Table").outputs["arn"]]


def test_a_reader_may_read_the_result_stream_if_there_is_one(dev: Recorder) -> None:
    streaming = run(DEV, resultStream=True)
    table = streaming.one("aws:dynamodb/table:Table")
    assert (table.inputs["streamEnabled"], table.inputs["streamViewType"]) == (True, "NEW_IMAGE")
    read, list_ = managed_policy(streaming, "results-reader")[1:]
    assert read["Action"] == ["dynamodb:DescribeStream", "dynamodb:GetShardIterator", "dynamodb:GetRecords"]
    assert read["Resource"] == [streaming.outputs["resultStreamArn"]] == [table.outputs["streamArn"]]
    assert list_["Action"] == ["dynamodb:ListStreams"]
    # IAM cannot change a description, so Pulumi would replace the policy, and take it from everybody who has it.
    descriptions = {each.one(POLICY, "results-reader").inputs["description"] for each in (dev, streaming)}
    assert len(descriptions) == 1


# Image


def test_the_function_runs_the_built_image(stack: Recorder) -> None:
    uri = stack.one("aws:lambda/function:Function").inputs["imageUri"]
    assert uri == stack.outputs["imageUri"] == stack.one("docker:index/image:Image").outputs["repoDigest"]


def test_the_build_uses_mirrors_only_if_the_stack_names_them(dev: Recorder) -> None:
    mirrors = {
        "BASE_IMAGE": ("baseImage", "mirror.example/lambda/python:3.13@sha256:" + "0" * 64),
        "PIP_INDEX_URL": ("packageIndexUrl", "https://mirror.example/simple"),
        "PIP_EXTRA_INDEX_URL": ("extraPackageIndexUrl", "https://index.example/cpu"),
        "HF_ENDPOINT": ("modelHubUrl", "https://mirror.example/hub"),
    }
    given = run(DEV, **dict(mirrors.values())).one("docker:index/image:Image").inputs["build"]["args"]
    assert {name: given[name] for name in mirrors} == {name: value for name, (_, value) in mirrors.items()}
    assert not mirrors.keys() & dev.one("docker:index/image:Image").inputs["build"]["args"].keys()


def test_the_repository_has_immutable_tags_and_scans_its_images(stack: Recorder) -> None:
    repository = stack.one("aws:ecr/repository:Repository").inputs
    assert repository["imageTagMutability"] == "IMMUTABLE"
    assert repository["imageScanningConfiguration"] == {"scanOnPush": True}


def test_a_promoted_image_is_deployed_without_a_build() -> None:
    recorder = run(PROD, imageUri=DIGEST)
    assert recorder.one("aws:lambda/function:Function").inputs["imageUri"] == DIGEST == recorder.outputs["imageUri"]
    assert not [r for r in recorder.resources if r.type.startswith("docker:")]
    assert recorder.one("aws:ecr/repository:Repository").urn == run(PROD).one("aws:ecr/repository:Repository").urn


# Function


def test_the_function_gets_only_the_permissions_that_it_needs(stack: Recorder) -> None:
    log_group = stack.one("aws:cloudwatch/logGroup:LogGroup").outputs["arn"]
    arns = {name: stack.one("aws:sqs/queue:Queue", name).outputs["arn"] for name in ("queue", "queue-dlq")}
    assert {s["Sid"]: (s["Action"], s["Resource"]) for s in role_policy(stack)} == {
        "TakeMessages": (["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"], [arns["queue"]]),
        "DeadLetter": (["sqs:SendMessage"], [arns["queue-dlq"]]),
        "StoreResult": (["dynamodb:PutItem"], [stack.one("aws:dynamodb/table:Table").outputs["arn"]]),
        "WriteLogs": (["logs:CreateLogStream", "logs:PutLogEvents"], [f"{log_group}:*"]),
        "SendTraces": (["xray:PutTraceSegments", "xray:PutTelemetryRecords"], ["*"]),
    }


def test_the_function_may_not_trace_if_tracing_is_off() -> None:
    recorder = run(DEV, tracing=False)
    assert "SendTraces" not in {s["Sid"] for s in role_policy(recorder)}
    assert recorder.one("aws:lambda/function:Function").inputs["tracingConfig"] == {"mode": "PassThrough"}


def test_the_function_waits_for_its_permissions(stack: Recorder) -> None:
    assert stack.one("aws:lambda/function:Function").depends_on == [stack.one("aws:iam/rolePolicy:RolePolicy").urn]


def test_the_function_logs_json_to_a_group_with_retention(dev: Recorder, prod: Recorder) -> None:
    for recorder, days in ((dev, 7), (prod, 90)):
        group = recorder.one("aws:cloudwatch/logGroup:LogGroup")
        logging = recorder.one("aws:lambda/function:Function").inputs["loggingConfig"]
        assert group.inputs["retentionInDays"] == days
        assert (logging["logGroup"], logging["logFormat"]) == (group.outputs["name"], "JSON")


def test_the_queue_feeds_the_function(stack: Recorder) -> None:
    mapping = stack.one("aws:lambda/eventSourceMapping:EventSourceMapping").inputs
    assert mapping["eventSourceArn"] == stack.outputs["queueArn"]
    assert mapping["enabled"] is True


def test_the_mapping_has_a_maximum_concurrency_pollers_or_neither(dev: Recorder) -> None:
    def scaling(recorder: Recorder) -> dict[str, Any]:
        mapping = recorder.one("aws:lambda/eventSourceMapping:EventSourceMapping").inputs
        return {key: mapping[key] for key in ("scalingConfig", "provisionedPollerConfig") if key in mapping}

    assert scaling(dev) == {"scalingConfig": {"maximumConcurrency": 2}}
    assert scaling(run(DEV, maxConcurrency=0)) == {}
    pollers = {"minimumPollers": 2, "maximumPollers": 5}
    assert scaling(run(DEV, maxConcurrency=0, **pollers)) == {"provisionedPollerConfig": pollers}


def test_without_reserved_concurrency_the_function_shares_the_accounts_pool(dev: Recorder) -> None:
    assert dev.one("aws:lambda/function:Function").inputs["reservedConcurrentExecutions"] == -1


def test_consumption_can_be_paused() -> None:
    assert run(DEV, consume=False).one("aws:lambda/eventSourceMapping:EventSourceMapping").inputs["enabled"] is False


def test_arm64_applies_to_the_image_and_the_function() -> None:
    recorder = run(DEV, architecture="arm64")
    assert recorder.one("aws:lambda/function:Function").inputs["architectures"] == ["arm64"]
    assert recorder.one("docker:index/image:Image").inputs["build"]["platform"] == "linux/arm64"


# Provisioned concurrency


def scaling(recorder: Recorder) -> list[Resource]:
    return [r for r in recorder.resources if r.type.startswith("aws:appautoscaling")]


def test_provisioned_concurrency_is_off_unless_configured(dev: Recorder) -> None:
    assert dev.all("aws:lambda/provisionedConcurrencyConfig:ProvisionedConcurrencyConfig") == []
    assert scaling(dev) == []


def test_the_alias_keeps_a_fixed_number_of_environments_warm() -> None:
    recorder = run(DEV, provisionedConcurrency=3)
    warm = recorder.one("aws:lambda/provisionedConcurrencyConfig:ProvisionedConcurrencyConfig")
    assert (warm.inputs["qualifier"], warm.inputs["provisionedConcurrentExecutions"]) == ("live", 3)
    assert warm.ignore_changes == []
    assert scaling(recorder) == []


def test_a_range_of_environments_scales_with_utilisation(prod: Recorder) -> None:
    warm = prod.one("aws:lambda/provisionedConcurrencyConfig:ProvisionedConcurrencyConfig")
    assert warm.ignore_changes == ["provisionedConcurrentExecutions"]
    target = prod.one("aws:appautoscaling/target:Target").inputs
    assert (target["minCapacity"], target["maxCapacity"]) == (2, 10)
    assert target["resourceId"] == f"function:{prod.outputs['functionName']}:live"
    policy = prod.one("aws:appautoscaling/policy:Policy").inputs["targetTrackingScalingPolicyConfiguration"]
    assert policy["predefinedMetricSpecification"]["predefinedMetricType"] == "LambdaProvisionedConcurrencyUtilization"


# Alarms


ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"


def test_every_alarm_is_quiet_without_data(stack: Recorder) -> None:
    for alarm in stack.all(ALARM):
        assert alarm.inputs["treatMissingData"] == "notBreaching"


def test_alarms_watch_what_aws_recommends_and_what_the_function_measures(dev: Recorder) -> None:
    watched = {r.inputs["metricName"]: (r.inputs["namespace"], r.inputs["threshold"]) for r in dev.all(ALARM)}
    assert watched == {
        "Errors": ("AWS/Lambda", 5),
        "Throttles": ("AWS/Lambda", 1),
        "Duration": ("AWS/Lambda", 24_000),  # milliseconds: 80 % of 30 s
        "ApproximateAgeOfOldestMessage": ("AWS/SQS", 900),
        "ApproximateNumberOfMessagesVisible": ("AWS/SQS", 1),
        "WriteThrottleEvents": ("AWS/DynamoDB", 1),
        "SystemErrors": ("AWS/DynamoDB", 1),
        names.ITEM_FAILURES: (names.METRIC_NAMESPACE, 5),
        names.INFERENCE_LATENCY: (names.METRIC_NAMESPACE, 150),
    }


def test_an_alarm_watches_spillover_of_provisioned_concurrency(prod: Recorder) -> None:
    alarm = prod.one(ALARM, "alarm-spillover").inputs
    assert alarm["dimensions"]["Resource"] == f"{prod.outputs['functionName']}:live"


def test_the_depth_alarm_watches_the_dead_letter_queue(stack: Recorder) -> None:
    dlq = stack.one("aws:sqs/queue:Queue", "queue-dlq").outputs["name"]
    assert stack.one(ALARM, "alarm-dlq-depth").inputs["dimensions"] == {"QueueName": dlq}


def test_a_configured_email_address_is_subscribed(dev: Recorder) -> None:
    subscription = "aws:sns/topicSubscription:TopicSubscription"
    assert dev.all(subscription) == []
    mailed = run(DEV, alarmEmail="on-call@example.com").one(subscription).inputs
    assert (mailed["protocol"], mailed["endpoint"]) == ("email", "on-call@example.com")


def test_the_dashboard_shows_every_alarm_with_its_threshold(stack: Recorder) -> None:
    body = json.loads(stack.one("aws:cloudwatch/dashboard:Dashboard").inputs["dashboardBody"])
    shown = Counter(w["properties"]["metrics"][0][1] for w in body["widgets"])
    assert shown == Counter(r.inputs["metricName"] for r in stack.all(ALARM))
    assert all(w["properties"]["annotations"]["horizontal"] for w in body["widgets"])
    corners = [(w["x"], w["y"]) for w in body["widgets"]]
    assert len(corners) == len(set(corners))
    assert all(x + w["width"] <= 24 for (x, _), w in zip(corners, body["widgets"], strict=True))
