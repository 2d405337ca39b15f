"""A stack's configuration: valid values are accepted, and all faults are reported by key, value and what is allowed."""

import dataclasses
import json
import re
from pathlib import Path
from types import SimpleNamespace

import jsonschema
import pulumi
import pytest
import yaml

from function.manifest import DISTILBERT
from function.memory import TORCH_LEAST_MB, needed_mb
from settings import NO_REGION, Settings, SettingsError, key_of, project_name, schema
from settings.settings import derived
from tests.stacks import DEV
from tools.local.program import ROOT, run, stack_config
from tools.local.recorder import Project, Recorder

KEY = "arn:aws:kms:us-west-2:123456789012:key/0a1b2c3d-0000-4000-8000-0123456789ab"
TOPIC = "arn:aws:sns:us-west-2:123456789012:pager"
POLLERS = {"max_concurrency": 0, "minimum_pollers": 5, "maximum_pollers": 10}
MANY_TOPICS = ",".join(f"{TOPIC}-{number}" for number in range(70))
LEAST_MB = needed_mb(DISTILBERT, "onnx")
DIGEST = "123456789012.dkr.ecr.us-west-2.amazonaws.com/sentiment@sha256:" + "0" * 64


@pytest.fixture(scope="module")
def defaults() -> Settings:
    specs = schema()
    return Settings(**{f.name: specs[key_of(f.name)]["default"] for f in dataclasses.fields(Settings)})


def faults(given: Settings, **changes: object) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        dataclasses.replace(given, **changes)
    return [fault.strip() for fault in caught.value.faults]


def test_the_project_file_follows_pulumis_schema() -> None:
    official = json.loads((Path(__file__).parent / "pulumi-project.schema.json").read_text())
    jsonschema.validate(yaml.safe_load((ROOT / "Pulumi.yaml").read_text()), official)


def test_the_schemas_keys_match_the_fields_in_name_and_type() -> None:
    types = {"string": str, "integer": int, "boolean": bool}
    declared = {key: types[spec["type"]] for key, spec in schema().items()}
    assert declared == {key_of(f.name): f.type for f in dataclasses.fields(Settings)}


def test_every_key_has_a_description_and_a_default() -> None:
    assert [key for key, spec in schema().items() if not spec.get("description") or "default" not in spec] == []


def test_every_stack_of_this_checkout_has_a_valid_configuration(shipped: Recorder) -> None:
    assert shipped.outputs["queueUrl"]


def test_the_defaults_are_a_valid_configuration(defaults: Settings) -> None:
    assert (defaults.memory_mb, defaults.timeout_seconds, defaults.batch_size) == (512, 30, 10)


@pytest.mark.parametrize(
    ("changes", "key", "allowed"),
    [
        ({"model_id": "no spaces allowed"}, "modelId", "a hub id"),
        ({"model_id": "-rf"}, "modelId", "a hub id"),
        ({"model_id": "owner/--help"}, "modelId", "a hub id"),
        ({"model_id": "../models/demo"}, "modelId", "a hub id"),
        ({"model_id": "./models/../../../etc"}, "modelId", "a hub id"),
        ({"model_id": "ówner/model"}, "modelId", "a hub id"),
        ({"model_id": "./models/missing"}, "modelId", "built for inferenceBackend onnx"),
        (
            {"model_id": "./models/demo", "inference_backend": "torch", "memory_mb": 1536},
            "modelId",
            "built for inferenceBackend torch",
        ),
        ({"model_revision": ""}, "modelRevision", "a commit"),
        ({"model_revision": "--upload-pack=x"}, "modelRevision", "a commit"),
        ({"inference_backend": "tensorflow"}, "inferenceBackend", "one of onnx, torch"),
        ({"architecture": "arm"}, "architecture", "one of x86_64, arm64"),
        ({"extra_package_index_url": "http://index.example"}, "extraPackageIndexUrl", "https URL without user"),
        ({"extra_package_index_url": "https://me:pw@index.example"}, "extraPackageIndexUrl", "https URL without user"),
        ({"base_image": "https://mirror.example/python"}, "baseImage", "by tag, digest or both"),
        ({"package_index_url": "https://me:pw@index.example"}, "packageIndexUrl", "https URL without user"),
        ({"model_hub_url": "hub.example"}, "modelHubUrl", "https URL without user"),
        ({"image_uri": "repository:latest"}, "imageUri", "by digest"),
        ({"image_uri": DIGEST[:-1]}, "imageUri", "by digest"),
        ({"image_uri": DIGEST, "region": "eu-west-1"}, "imageUri", "in the stack's region eu-west-1"),
        ({"scan_severity": "critical"}, "scanSeverity", "one of CRITICAL, HIGH"),
        ({"waived_findings": "CVE-1 CVE-2"}, "waivedFindings", "separated by commas"),
        ({"memory_mb": 127}, "memoryMb", "128 to 10240 MB"),
        ({"memory_mb": 10_241}, "memoryMb", "128 to 10240 MB"),
        ({"timeout_seconds": 0}, "timeoutSeconds", "3 to 900 s"),
        ({"timeout_seconds": 901}, "timeoutSeconds", "3 to 900 s"),
        ({"ephemeral_storage_mb": 511}, "ephemeralStorageMb", "512 to 10240 MB"),
        ({"log_level": "LOUD"}, "logLevel", "one of TRACE, DEBUG, INFO"),
        ({"log_retention_days": 31}, "logRetentionDays", "one of 1, 3, 5, 7"),
        ({"reserved_concurrency": -1}, "reservedConcurrency", "0 to"),
        ({"provisioned_concurrency": -1}, "provisionedConcurrency", "0 to"),
        ({"batch_size": 0}, "batchSize", "1 to 10000 messages"),
        ({"batch_window_seconds": 301}, "batchWindowSeconds", "0 to 300 s"),
        ({"max_concurrency": 1}, "maxConcurrency", "0, or 2 to 1000"),
        ({"max_concurrency": 1001}, "maxConcurrency", "0, or 2 to 1000"),
        ({**POLLERS, "minimum_pollers": 1}, "minimumPollers", "0, or 2 to 200"),
        ({**POLLERS, "minimum_pollers": 201, "maximum_pollers": 201}, "minimumPollers", "0, or 2 to 200"),
        ({**POLLERS, "maximum_pollers": 2001}, "maximumPollers", "0, or 2 to 2000"),
        ({**POLLERS, "max_concurrency": 10}, "minimumPollers", "0 with a maxConcurrency of 10"),
        ({**POLLERS, "maximum_pollers": 4}, "maximumPollers", "at least minimumPollers (5), or 0 if that is 0"),
        ({**POLLERS, "maximum_pollers": 0}, "maximumPollers", "at least minimumPollers (5), or 0 if that is 0"),
        ({"maximum_pollers": 5}, "maximumPollers", "at least minimumPollers (0), or 0"),
        ({"send_accounts": "1234"}, "sendAccounts", "12-digit account ids"),
        ({"send_accounts": "210987654321, 310987654321"}, "sendAccounts", "12-digit account ids"),
        ({"send_accounts": "210987654321,210987654321"}, "sendAccounts", "a list that names each once"),
        ({"send_accounts": ",".join(f"{n:012}" for n in range(49))}, "sendAccounts", "48 ids at most"),
        ({"send_topic_arns": "reviews"}, "sendTopicArns", "arn:aws:sns:REGION:ACCOUNT:NAME"),
        ({"send_topic_arns": f"{TOPIC}:0a1b2c3d-0000-4000-8000-0123456789ab"}, "sendTopicArns", "arn:aws:sns:REGION"),
        ({"send_topic_arns": TOPIC.replace("pager", "*")}, "sendTopicArns", "arn:aws:sns:REGION:ACCOUNT:NAME"),
        ({"send_topic_arns": f"{TOPIC},{TOPIC}"}, "sendTopicArns", "a list that names each once"),
        (
            {"send_topic_arns": f"{TOPIC},{TOPIC.replace('us-west-2', 'eu-west-1')}", "region": "us-west-2"},
            "sendTopicArns",
            "in the stack's region us-west-2",
        ),
        ({"send_topic_arns": MANY_TOPICS}, "sendTopicArns", "3000 characters at most"),
        ({"max_receive_count": 0}, "maxReceiveCount", "1 to 1000"),
        ({"queue_retention_days": 0}, "queueRetentionDays", "1 to 14 days"),
        ({"dlq_retention_days": 15}, "dlqRetentionDays", "1 to 14 days"),
        ({"kms_key_arn": "alias/mine"}, "kmsKeyArn", "arn:aws:kms:"),
        ({"kms_key_arn": KEY[:-1]}, "kmsKeyArn", "arn:aws:kms:"),
        ({"kms_key_arn": KEY.replace(":key/", ":alias/")}, "kmsKeyArn", "arn:aws:kms:"),
        ({"kms_key_arn": KEY, "region": "eu-west-1"}, "kmsKeyArn", "in the stack's region eu-west-1"),
        ({"subnet_ids": "subnet-1", "security_group_ids": "sg-12345678"}, "subnetIds", "subnet-ID, separated"),
        ({"subnet_ids": "subnet-12345678"}, "subnetIds", "set together with securityGroupIds, or both empty"),
        ({"security_group_ids": "sg-12345678"}, "subnetIds", "set together with securityGroupIds, or both empty"),
        ({"permissions_boundary_arn": "boundary"}, "permissionsBoundaryArn", "arn:aws:iam::ACCOUNT:policy/NAME"),
        ({"data_kms_key_arn": "alias/mine"}, "dataKmsKeyArn", "arn:aws:kms:"),
        ({"data_kms_key_arn": KEY, "region": "eu-west-1"}, "dataKmsKeyArn", "in the stack's region eu-west-1"),
        ({"alarm_topic_arn": TOPIC + ".fifo"}, "alarmTopicArn", "of a standard topic"),
        ({"alarm_topic_arn": TOPIC, "region": "eu-west-1"}, "alarmTopicArn", "in the stack's region eu-west-1"),
        ({"alarm_topic_arn": TOPIC, "alarm_email": "a@b.example"}, "alarmEmail", "empty if alarmTopicArn is set"),
        ({"table_name": "no spaces"}, "tableName", "3 to 200"),
        ({"result_ttl_days": -1}, "resultTtlDays", "0 to 36500 days"),
        ({"alarm_email": "nobody"}, "alarmEmail", "an email address"),
        ({"errors_threshold": 0}, "errorsThreshold", "1 to"),
        ({"inference_latency_threshold_ms": 0}, "inferenceLatencyThresholdMs", "1 to"),
        ({"queue_age_threshold_seconds": 0}, "queueAgeThresholdSeconds", "1 to"),
        ({"dlq_depth_threshold": 0}, "dlqDepthThreshold", "1 to"),
        ({"throttles_threshold": 0}, "throttlesThreshold", "1 to"),
        ({"duration_threshold_percent": 101}, "durationThresholdPercent", "1 to 100 %"),
        ({"reserved_concurrency": 9, "max_concurrency": 10}, "reservedConcurrency", "0 or at least 10, the batches"),
        ({"reserved_concurrency": 99, **POLLERS}, "reservedConcurrency", "0 or at least 100, the batches"),
        (
            {"reserved_concurrency": 1249, "max_concurrency": 0},
            "reservedConcurrency",
            "0 or at least 1250, the batches",
        ),
        (
            {"reserved_concurrency": 10, "provisioned_concurrency": 11},
            "provisionedConcurrency",
            "at most reservedConcurrency (10)",
        ),
        (
            {"reserved_concurrency": 10, "provisioned_concurrency": 1, "provisioned_concurrency_max": 11},
            "provisionedConcurrencyMax",
            "at most reservedConcurrency (10)",
        ),
        (
            {"provisioned_concurrency": 2, "provisioned_concurrency_max": 2},
            "provisionedConcurrencyMax",
            "above a provisionedConcurrency",
        ),
        (
            {"provisioned_concurrency": 0, "provisioned_concurrency_max": 2},
            "provisionedConcurrencyMax",
            "above a provisionedConcurrency",
        ),
        ({"queue_retention_days": 14}, "dlqRetentionDays", "above queueRetentionDays (14)"),
        ({"batch_size": 11, "batch_window_seconds": 0}, "batchSize", "at most 10 unless batchWindowSeconds"),
        ({"inference_backend": "torch"}, "memoryMb", f"at least {TORCH_LEAST_MB} MB"),
        (
            {"memory_mb": LEAST_MB - 1},
            "memoryMb",
            f"at least {LEAST_MB} MB with inferenceBackend onnx and a model the size of distilbert/",
        ),
        ({"image_uri": DIGEST, "model_id": "other/model"}, "modelId", "left at its default with imageUri"),
        ({"image_uri": DIGEST, "model_revision": "abc"}, "modelRevision", "left at its default with imageUri"),
        (
            {"image_uri": DIGEST, "inference_backend": "torch", "memory_mb": 10_240},
            "inferenceBackend",
            "left at its default with imageUri",
        ),
    ],
)
def test_the_error_on_a_bad_value_names_key_and_allowed_values(
    defaults: Settings, changes: dict[str, object], key: str, allowed: str
) -> None:
    found = faults(defaults, **changes)
    assert len(found) == 1
    name = next((n for n in changes if key_of(n) == key), None)
    value = changes[name] if name else getattr(defaults, next(n for n in vars(defaults) if key_of(n) == key))
    assert found[0].startswith(f"{key}: {value!r} must be ")
    assert allowed in found[0]


@pytest.mark.parametrize(
    "changes",
    [
        {"memory_mb": LEAST_MB},
        {"memory_mb": 10_240},
        {"batch_size": 10_000, "batch_window_seconds": 1},
        {"batch_size": 10, "batch_window_seconds": 0},
        {"reserved_concurrency": 10, "max_concurrency": 10, "provisioned_concurrency": 10},
        {"provisioned_concurrency": 1, "provisioned_concurrency_max": 2},
        {"inference_backend": "torch", "memory_mb": TORCH_LEAST_MB},
        {"image_uri": DIGEST},
        {"image_uri": DIGEST, "region": "us-west-2"},
        {"kms_key_arn": KEY, "region": "us-west-2"},
        {"kms_key_arn": "arn:aws-us-gov:kms:us-gov-west-1:123456789012:key/mrk-" + "0" * 32},
        {"alarm_email": "on-call@example.com"},
        {"model_id": "./models/demo"},
        {"extra_package_index_url": "https://index.example"},
        {"extra_package_index_url": "https://index.example:8443/cpu/simple"},
        {"queue_retention_days": 13, "dlq_retention_days": 14},
        {"max_concurrency": 0},
        {"max_concurrency": 0, "minimum_pollers": 2, "maximum_pollers": 2, "reserved_concurrency": 20},
        {"max_concurrency": 0, "minimum_pollers": 200, "maximum_pollers": 2000},
        {"send_accounts": "210987654321,310987654321"},
        {"send_topic_arns": f"{TOPIC},{TOPIC}-2.fifo", "region": "us-west-2"},
    ],
)
def test_values_at_the_limits_are_accepted(defaults: Settings, changes: dict[str, object]) -> None:
    dataclasses.replace(defaults, **changes)


def test_all_faults_are_reported_at_once(defaults: Settings) -> None:
    found = faults(
        defaults, memory_mb=1, batch_size=0, alarm_email="nobody", max_concurrency=20, reserved_concurrency=5
    )
    assert [fault.split(":")[0] for fault in found] == ["memoryMb", "reservedConcurrency", "batchSize", "alarmEmail"]


def test_a_value_of_the_wrong_type_does_not_hide_other_faults() -> None:
    with pytest.raises(SettingsError) as caught:
        run(DEV, batchSize="ten", consume="maybe", memoryMb=1, queueRetentionDays=14)
    assert {fault.strip() for fault in caught.value.faults} == {
        "batchSize: 'ten' must be a whole number, 1 to 10000 messages",
        "consume: 'maybe' must be true or false",
        "memoryMb: 1 must be 128 to 10240 MB",
        "dlqRetentionDays: 14 must be above queueRetentionDays (14): "
        "SQS counts it from when a message was first enqueued, so messages would expire on arrival",
    }


def test_the_error_on_a_misspelt_key_suggests_the_nearest_one() -> None:
    with pytest.raises(SettingsError) as caught:
        run(DEV, memoryMB=1024, quux=1)
    assert caught.value.faults == ["  memoryMB: is not a setting; did you mean memoryMb?", "  quux: is not a setting"]


def test_a_rule_between_fields_reads_only_existing_fields(defaults: Settings) -> None:
    # A rule that cannot be evaluated reports nothing, so a misspelt name in it would go unnoticed.
    values = SimpleNamespace(**vars(defaults), **derived(vars(defaults)), region="us-west-2")
    assert all(rule.holds(values) for f in dataclasses.fields(Settings) for rule in f.metadata.get("also", ()))


def test_a_region_set_only_in_the_environment_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_REGION", "us-west-2")
    config = stack_config(DEV, {})
    del config["aws:region"]
    pulumi.runtime.set_mocks(
        Recorder(Project("any", "{name}"), "dev", "us-west-2"), project=project_name(), stack="dev"
    )
    pulumi.runtime.set_all_config(config)
    with pytest.raises(SettingsError) as caught:
        Settings.load()
    assert caught.value.faults == [NO_REGION]


def test_the_cli_shows_a_fault_without_a_traceback() -> None:
    assert issubclass(SettingsError, pulumi.RunError)


def test_the_image_and_the_key_must_be_in_the_stacks_region() -> None:
    with pytest.raises(SettingsError) as caught:
        run(DEV, imageUri=DIGEST, kmsKeyArn=KEY, **{"aws:region": "eu-west-1"})
    assert [fault.split(":")[0].strip() for fault in caught.value.faults] == ["imageUri", "kmsKeyArn"]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("config: [", "Pulumi.odd.yaml: is not YAML"),
        ("config:\n\tkey: 1", "Pulumi.odd.yaml: is not YAML"),
        (b"\xff\xfe", "Pulumi.odd.yaml: is not YAML"),
        ("", "Pulumi.odd.yaml: config is None, and must hold values by key"),
        ("config: text", "Pulumi.odd.yaml: config is 'text'"),
        ("config: {a:b: 1}", "aws:region: must be in the stack's file"),
        (
            "config: {aws:region: us-west-2, alarmEmail: {secure: v1:x}}",
            ":alarmEmail: is encrypted, and only the Pulumi CLI",
        ),
    ],
)
def test_an_unreadable_stack_file_is_refused_with_the_reason(content: str | bytes, says: str, tmp_path: Path) -> None:
    file = tmp_path / "Pulumi.odd.yaml"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(SettingsError, match=re.escape(says)):
        stack_config(file, {})


def test_settings_are_immutable_once_checked(defaults: Settings) -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        defaults.memory_mb = 1  # type: ignore[misc]


def test_an_alarm_email_without_a_runbook_link_gives_a_warning(defaults: Settings) -> None:
    def warned(**values: str) -> list[str]:
        return [line for line in dataclasses.replace(defaults, **values).warnings() if "runbookUrl" in line]

    assert "docs/runbook.md" in warned(alarm_email="on-call@example.com")[0]
    assert warned() == warned(alarm_email="on-call@example.com", runbook_url="https://wiki.example/runbook") == []
