"""The one reader of the stack's configuration: typed, checked, frozen.

Types, meanings and shared defaults stand in Pulumi.yaml; what a value may be stands here.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import pulumi
import yaml

TORCH_MIN_MEMORY_MB = 1536  # measured: see "Measured" in README.md
CLOUDWATCH_RETENTION_DAYS = (
    *(1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731),
    *(1096, 1827, 2192, 2557, 2922, 3288, 3653),
)
MIN_BAKE_MINUTES = 10  # two periods of the alarms that judge a new version
STACK_NAME = r"[a-z0-9]+(-[a-z0-9]+)*"  # what ECR takes in a repository's name, without what SQS and Lambda refuse
MAX_STACK_CHARS = 24  # the longest name, sentiment-analyzer-STACK-function-role-HEX, then has IAM's 64
BUILD_KEYS = ("model_id", "model_revision", "inference_backend", "extra_package_index_url")


class SettingsError(ValueError):
    """Every fault of a configuration at once: key, value, what is allowed."""

    def __init__(self, faults: list[str]):
        self.faults = faults
        super().__init__("\n".join([f"{len(faults)} fault(s) in the stack's configuration:", *faults]))


@dataclass(frozen=True)
class Rule:
    allowed: str
    accepts: Callable[[Any], bool]


def between(low: int, high: int, unit: str = "") -> Any:
    return field(metadata={"rule": Rule(f"{low} to {high} {unit}".strip(), lambda v: low <= v <= high)})


def one_of(*values: Any) -> Any:
    return field(metadata={"rule": Rule("one of " + ", ".join(map(str, values)), lambda v: v in values)})


def matching(pattern: str, allowed: str) -> Any:
    return field(metadata={"rule": Rule(allowed, lambda v: re.fullmatch(pattern, v) is not None)})


def optional(pattern: str, allowed: str) -> Any:
    return matching(f"({pattern})?", f"{allowed}, or empty")


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Configuration of one stack. A field is read from the key of its camelCase name.

    Raises:
        SettingsError: with all faults, on construction. An invalid Settings cannot exist.
    """

    model_id: str = matching(r"\./models/[\w.-]+|[\w.-]+(/[\w.-]+)?", "a hub id such as owner/model, or ./models/NAME")
    model_revision: str = matching(r"[\w./-]+", "a commit, tag or branch of the model's repository")
    inference_backend: str = one_of("onnx", "torch")
    architecture: str = one_of("x86_64", "arm64")
    extra_package_index_url: str = optional(r"https://[^\s/@]+(/[^\s@]*)?", "an https URL without user and password")
    image_uri: str = optional(
        r"\d{12}\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com(\.cn)?/[a-z0-9._/-]+@sha256:[0-9a-f]{64}",
        "an ECR image by digest: ACCOUNT.dkr.ecr.REGION.amazonaws.com/REPOSITORY@sha256:DIGEST",
    )
    pull_accounts: str = optional(r"\d{12}(,\d{12})*", "account ids of 12 digits, with commas between")

    memory_mb: int = between(128, 10_240, "MB")
    timeout_seconds: int = between(3, 900, "s")  # AWS takes 1; the function keeps the last second to itself
    ephemeral_storage_mb: int = between(512, 10_240, "MB")
    log_level: str = one_of("TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL")
    log_retention_days: int = one_of(*CLOUDWATCH_RETENTION_DAYS)
    tracing: bool
    reserved_concurrency: int = between(0, 100_000)

    canary_percent: int = between(0, 50, "%")
    bake_minutes: int = between(0, 1_440, "min")
    stable_version: int = between(0, 1_000_000)

    provisioned_concurrency: int = between(0, 100_000)
    provisioned_concurrency_max: int = between(0, 100_000)

    batch_size: int = between(1, 10_000, "messages")
    batch_window_seconds: int = between(0, 300, "s")
    max_concurrency: int = between(2, 1_000)
    max_receive_count: int = between(1, 1_000)
    queue_retention_days: int = between(1, 14, "days")
    dlq_retention_days: int = between(1, 14, "days")
    kms_key_arn: str = optional(
        r"arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key/[A-Za-z0-9-]+", "arn:aws:kms:REGION:ACCOUNT:key/ID"
    )
    consume: bool

    table_name: str = matching(r"[A-Za-z0-9_.-]{3,200}", "3 to 200 of A-Z a-z 0-9 _ . -")
    point_in_time_recovery: bool
    deletion_protection: bool
    result_ttl_days: int = between(0, 36_500, "days")
    store_text: bool

    alarm_email: str = optional(r"[^@\s]+@[^@\s]+\.[^@\s]+", "an e-mail address")
    errors_threshold: int = between(1, 1_000_000)
    inference_latency_threshold_ms: int = between(1, 900_000, "ms")
    queue_age_threshold_seconds: int = between(1, 1_209_600, "s")
    dlq_depth_threshold: int = between(1, 1_000_000, "messages")
    throttles_threshold: int = between(1, 1_000_000)
    duration_threshold_percent: int = between(1, 100, "%")

    def __post_init__(self) -> None:
        values = vars(self)
        if found := field_faults(values) + cross_faults(values):
            raise SettingsError(found)

    @classmethod
    def load(cls) -> "Settings":
        """Read the current stack's configuration.

        Raises:
            SettingsError: naming every key that is missing, of a wrong type, out of range or at odds with another;
                or the stack, where its name cannot be part of resource names.
        """
        check_stack_name(pulumi.get_stack())
        config = pulumi.Config()
        read = {str: config.require, int: config.require_int, bool: config.require_bool}
        values: dict[str, Any] = {}
        unreadable: list[str] = []
        for item in fields(cls):
            try:
                values[item.name] = read[item.type](key_of(item.name))  # type: ignore[index]
            except (pulumi.ConfigMissingError, pulumi.ConfigTypeError) as error:
                unreadable.append(f"  {key_of(item.name)}: {error}")
        if unreadable:
            raise SettingsError(unreadable + field_faults(values))
        return cls(**values)


def check_stack_name(name: str) -> None:
    """Refuse a stack whose name AWS would refuse in the names of its resources, half-way through an update.

    Raises:
        SettingsError: naming what is allowed.
    """
    if len(name) > MAX_STACK_CHARS or not re.fullmatch(STACK_NAME, name):
        allowed = f"a-z, 0-9 and single hyphens between them, {MAX_STACK_CHARS} characters at most"
        raise SettingsError([f"  stack name: {name!r} must be {allowed}: it is part of the resources' names"])


def key_of(name: str) -> str:
    """The configuration key of a Settings field: memory_mb -> memoryMb."""
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)


def schema() -> dict[str, dict[str, Any]]:
    """The typed keys of Pulumi.yaml: key -> {type, default, description}."""
    project = yaml.safe_load((Path(__file__).parent / "Pulumi.yaml").read_text())
    return {key: spec for key, spec in project["config"].items() if "type" in spec}


def field_faults(values: Mapping[str, Any]) -> list[str]:
    """Faults of single values, of those that are present."""
    rules = {f.name: f.metadata["rule"] for f in fields(Settings) if f.metadata and f.name in values}
    return [
        _fault(name, values, f"must be {rule.allowed}")
        for name, rule in rules.items()
        if not rule.accepts(values[name])
    ]


def cross_faults(v: Mapping[str, Any]) -> list[str]:
    """Faults of values that are each allowed but not together."""
    reserved, provisioned = v["reserved_concurrency"], v["provisioned_concurrency"]
    provisioned_max, memory = v["provisioned_concurrency_max"], v["memory_mb"]
    defaults = schema() if v["image_uri"] else {}
    rules = [
        (
            0 < reserved < v["max_concurrency"],
            "reserved_concurrency",
            f"must be 0 or at least maxConcurrency ({v['max_concurrency']}), "
            "else the queue's own polls are throttled into the dead-letter queue",
        ),
        (
            0 < reserved < max(provisioned, provisioned_max),
            "provisioned_concurrency_max" if provisioned_max > provisioned else "provisioned_concurrency",
            f"must be at most reservedConcurrency ({reserved})",
        ),
        (
            provisioned_max and not 1 <= provisioned < provisioned_max,
            "provisioned_concurrency_max",
            f"must be 0, or above a provisionedConcurrency of at least 1 (it is {provisioned})",
        ),
        (
            v["dlq_retention_days"] <= v["queue_retention_days"],
            "dlq_retention_days",
            f"must be above queueRetentionDays ({v['queue_retention_days']}): "
            "SQS counts it from the first enqueueing, so messages would expire on arrival",
        ),
        (
            v["batch_size"] > 10 and v["batch_window_seconds"] == 0,
            "batch_size",
            "must be at most 10 unless batchWindowSeconds is at least 1",
        ),
        (
            v["inference_backend"] == "torch" and memory < TORCH_MIN_MEMORY_MB,
            "memory_mb",
            f"must be at least {TORCH_MIN_MEMORY_MB} MB with inferenceBackend torch",
        ),
        (
            v["canary_percent"] and v["bake_minutes"] < MIN_BAKE_MINUTES,
            "bake_minutes",
            f"must be at least {MIN_BAKE_MINUTES} with a canaryPercent: the alarms look at five minutes at a time",
        ),
        *(
            (
                v[name] != defaults[key_of(name)]["default"],
                name,
                "must be left at its default with imageUri set: that image was built elsewhere",
            )
            for name in BUILD_KEYS
            if defaults
        ),
    ]
    return [_fault(name, v, message) for broken, name, message in rules if broken]


def _fault(name: str, values: Mapping[str, Any], message: str) -> str:
    return f"  {key_of(name)}: {values[name]!r} {message}"
