"""The only reader of the stack's configuration: typed, checked, frozen.

Pulumi.yaml holds types, meanings and shared defaults; this module holds the allowed values.
"""

from collections.abc import Iterable, Mapping
from dataclasses import Field, InitVar, dataclass, fields
from difflib import get_close_matches
from typing import Any

import pulumi
from pulumi.runtime.config import CONFIG

from function.manifest import BACKENDS
from settings.model import built, latency_warning, least_memory_mb
from settings.names import check_names
from settings.polling import LEAST, MOST_CONCURRENCY, MOST_MINIMUM_POLLERS, MOST_POLLERS, most_batches
from settings.project import schema
from settings.rules import Rule, SettingsError, between, faults_of, listed, listing, matching, off_or, one_of, optional

CLOUDWATCH_RETENTION_DAYS = (
    *(1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731),
    *(1096, 1827, 2192, 2557, 2922, 3288, 3653),
)
# An image's history shows its build arguments.
PLAIN_URL = r"https://[^\s/@]+(/[^\s@]*)?", "an https URL without user and password"
SEVERITIES = ("CRITICAL", "HIGH", "MEDIUM", "LOW", "INFORMATIONAL")  # ECR's, most severe first
KMS_KEY_ID = r"([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|mrk-[0-9a-f]{32})"
KMS_KEY_ARN = rf"arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{{12}}:key/{KMS_KEY_ID}"
TOPIC_ARN = r"arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[\w-]{1,256}"
# SQS accepts a policy of 50 principals and 8,192 bytes, and the policy's other statements need some of both:
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-policies.html
MOST_ACCOUNTS, MOST_TOPIC_CHARS = 48, 3_000
# Otherwise the provider would use the environment's, and might look for the stack in another region next time.
NO_REGION = (
    "  aws:region: must be in the stack's file, whatever the environment says: pulumi config set aws:region us-west-2"
)
MIN_BAKE_MINUTES = 10  # two periods of the alarms that judge a new version


def left_alone(name: str) -> Rule:
    return Rule(
        "left at its default with imageUri set: that image was built elsewhere",
        lambda v: not v.image_uri or getattr(v, name) == schema()[key_of(name)]["default"],
    )


def in_region(name: str, part: str, why: str) -> Rule:
    """A value, or each value of a list, must contain `part` with the stack's region in place of {}."""
    return Rule(
        f"in the stack's region {{region}}: {why}",
        lambda v: not v.region or all(part.format(v.region) in value for value in listed(getattr(v, name))),
    )


def once(name: str) -> Rule:
    return Rule(
        "a list that names each once", lambda v: len({*listed(getattr(v, name))}) == len(listed(getattr(v, name)))
    )


# Rules between fields.
MODEL_IS_BUILT = Rule(
    "a folder in function/ that function/build_model.py built for inferenceBackend {inference_backend}",
    lambda v: not v.model_id.startswith("./") or is_built_for(v.model_id, v.inference_backend),
)
IMAGE_IN_REGION = in_region("image_uri", ".ecr.{}.", "Lambda cannot run an image from another")
KEY_IN_REGION = in_region("kms_key_arn", ":kms:{}:", "SQS cannot use a key from another")
DATA_KEY_IN_REGION = in_region("data_kms_key_arn", ":kms:{}:", "no service can use a key from another")
TOPIC_IN_REGION = in_region("alarm_topic_arn", ":sns:{}:", "CloudWatch cannot notify a topic in another")
OWN_TOPIC_ALONE = Rule(
    "empty if alarmTopicArn is set: the owner of that topic manages its subscriptions",
    lambda v: not (v.alarm_email and v.alarm_topic_arn),
)
WITH_SECURITY_GROUPS = Rule(
    "set together with securityGroupIds, or both empty", lambda v: bool(v.subnet_ids) == bool(v.security_group_ids)
)
ENOUGH_FOR_MODEL = Rule(
    "at least {least_memory_mb} MB with inferenceBackend {inference_backend} and a model the size of {model_id}",
    lambda v: v.memory_mb >= v.least_memory_mb,
)
SENDERS_IN_REGION = in_region("send_topic_arns", ":sns:{}:", "from another, SNS may send as another principal")
FEW_ACCOUNTS = Rule(
    f"{MOST_ACCOUNTS} ids at most: SQS accepts no more in a queue's policy",
    lambda v: len(listed(v.send_accounts)) <= MOST_ACCOUNTS,
)
FEW_TOPICS = Rule(
    f"{MOST_TOPIC_CHARS} characters at most: SQS accepts no more in a queue's policy",
    lambda v: len(v.send_topic_arns) <= MOST_TOPIC_CHARS,
)
COVERS_QUEUE = Rule(
    "0 or at least {most_batches}, the batches that the queue may have in flight by maxConcurrency "
    "({max_concurrency}) and maximumPollers ({maximum_pollers}), "
    "or Lambda throttles the queue's batches until they are dead-lettered",
    lambda v: not 0 < v.reserved_concurrency < most_batches(v.max_concurrency, v.maximum_pollers),
)
ONE_WAY_TO_SCALE = Rule(
    "0 with a maxConcurrency of {max_concurrency}, because AWS takes one or the other; "
    "set maxConcurrency to 0 to have pollers",
    lambda v: not (v.minimum_pollers and v.max_concurrency),
)
ABOVE_LEAST_POLLERS = Rule(
    "at least minimumPollers ({minimum_pollers}), or 0 if that is 0",
    lambda v: v.maximum_pollers >= v.minimum_pollers > 0 or not (v.maximum_pollers or v.minimum_pollers),
)
WARM_IN_RESERVE = Rule(
    "at most reservedConcurrency ({reserved_concurrency})",
    lambda v: not 0 < v.reserved_concurrency < v.provisioned_concurrency,
)
MOST_WARM_IN_RESERVE = Rule(
    "at most reservedConcurrency ({reserved_concurrency})",
    lambda v: not 0 < v.reserved_concurrency < v.provisioned_concurrency_max,
)
ABOVE_LEAST_WARM = Rule(
    "0, or above a provisionedConcurrency of at least 1 (it is {provisioned_concurrency})",
    lambda v: not v.provisioned_concurrency_max or 1 <= v.provisioned_concurrency < v.provisioned_concurrency_max,
)
WINDOW_FOR_LARGE = Rule(
    "at most 10 unless batchWindowSeconds is at least 1", lambda v: v.batch_size <= 10 or v.batch_window_seconds
)
LONG_ENOUGH_TO_JUDGE = Rule(
    f"at least {MIN_BAKE_MINUTES} with a canaryPercent: the alarms have a period of five minutes",
    lambda v: not v.canary_percent or v.bake_minutes >= MIN_BAKE_MINUTES,
)
OUTLIVES_QUEUE = Rule(
    "above queueRetentionDays ({queue_retention_days}): "
    "SQS counts it from when a message was first enqueued, so messages would expire on arrival",
    lambda v: v.dlq_retention_days > v.queue_retention_days,
)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Configuration of one stack. Each field is read from the key with its name in camelCase.

    Args:
        region: the stack's region (`aws:region`), which images, keys and topics must match.

    Raises:
        SettingsError: with all faults, on construction. An invalid Settings cannot exist.
    """

    region: InitVar[str] = ""

    model_id: str = matching(
        r"(\./models/)?\w[\w.-]*|\w[\w.-]*/\w[\w.-]*",
        "a hub id such as owner/model, or ./models/NAME",
        also=[MODEL_IS_BUILT, left_alone("model_id")],
    )
    model_revision: str = matching(
        r"\w[\w./-]*", "a commit, tag or branch of the model's repository", also=[left_alone("model_revision")]
    )
    inference_backend: str = one_of(*BACKENDS, also=[left_alone("inference_backend")])
    architecture: str = one_of("x86_64", "arm64")
    base_image: str = optional(
        r"[a-z0-9][a-z0-9._-]*(:\d+)?(/[a-z0-9._-]+)*(:[\w.-]+)?(@sha256:[0-9a-f]{64})?",
        "an image by tag, digest or both: REGISTRY/REPOSITORY:TAG@sha256:DIGEST",
        also=[left_alone("base_image")],
    )
    package_index_url: str = optional(*PLAIN_URL, also=[left_alone("package_index_url")])
    extra_package_index_url: str = optional(*PLAIN_URL, also=[left_alone("extra_package_index_url")])
    model_hub_url: str = optional(*PLAIN_URL, also=[left_alone("model_hub_url")])
    image_uri: str = optional(
        r"\d{12}\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com(\.cn)?/[a-z0-9._/-]+@sha256:[0-9a-f]{64}",
        "an ECR image by digest: ACCOUNT.dkr.ecr.REGION.amazonaws.com/REPOSITORY@sha256:DIGEST",
        also=[IMAGE_IN_REGION],
    )
    pull_accounts: str = optional(listing(r"\d{12}"), "12-digit account ids, separated by commas")
    scan_severity: str = optional("|".join(SEVERITIES), f"one of {', '.join(SEVERITIES)}")
    waived_findings: str = optional(listing(r"[\w:.-]+"), "ids of findings, separated by commas")

    memory_mb: int = between(128, 10_240, "MB", also=[ENOUGH_FOR_MODEL])
    timeout_seconds: int = between(3, 900, "s")  # AWS takes 1; the function keeps the last second to itself
    ephemeral_storage_mb: int = between(512, 10_240, "MB")
    log_level: str = one_of("TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL")
    log_retention_days: int = one_of(*CLOUDWATCH_RETENTION_DAYS)
    tracing: bool
    subnet_ids: str = optional(
        listing(r"subnet-[0-9a-f]{8,17}"), "subnet-ID, separated by commas", also=[WITH_SECURITY_GROUPS]
    )
    security_group_ids: str = optional(listing(r"sg-[0-9a-f]{8,17}"), "sg-ID, separated by commas")
    permissions_boundary_arn: str = optional(
        r"arn:aws[a-z-]*:iam::(\d{12}|aws):policy/[\w+=,.@/-]+", "arn:aws:iam::ACCOUNT:policy/NAME"
    )
    data_kms_key_arn: str = optional(KMS_KEY_ARN, "arn:aws:kms:REGION:ACCOUNT:key/ID", also=[DATA_KEY_IN_REGION])
    reserved_concurrency: int = between(0, 100_000, also=[COVERS_QUEUE])

    canary_percent: int = between(0, 50, "%")
    bake_minutes: int = between(0, 1_440, "min", also=[LONG_ENOUGH_TO_JUDGE])
    stable_version: int = between(0, 1_000_000)
    canary: bool

    provisioned_concurrency: int = between(0, 100_000, also=[WARM_IN_RESERVE])
    provisioned_concurrency_max: int = between(0, 100_000, also=[MOST_WARM_IN_RESERVE, ABOVE_LEAST_WARM])

    batch_size: int = between(1, 10_000, "messages", also=[WINDOW_FOR_LARGE])
    batch_window_seconds: int = between(0, 300, "s")
    max_concurrency: int = off_or(LEAST, MOST_CONCURRENCY)
    minimum_pollers: int = off_or(LEAST, MOST_MINIMUM_POLLERS, also=[ONE_WAY_TO_SCALE])
    maximum_pollers: int = off_or(LEAST, MOST_POLLERS, also=[ABOVE_LEAST_POLLERS])
    max_receive_count: int = between(1, 1_000)
    queue_retention_days: int = between(1, 14, "days")
    dlq_retention_days: int = between(1, 14, "days", also=[OUTLIVES_QUEUE])
    kms_key_arn: str = optional(
        KMS_KEY_ARN,
        "arn:aws:kms:REGION:ACCOUNT:key/ID",
        also=[KEY_IN_REGION],
    )
    former_kms_key_arns: str = optional(listing(KMS_KEY_ARN), "arn:aws:kms:REGION:ACCOUNT:key/ID, separated by commas")
    send_accounts: str = optional(
        listing(r"\d{12}"), "12-digit account ids, separated by commas", also=[once("send_accounts"), FEW_ACCOUNTS]
    )
    send_topic_arns: str = optional(
        listing(rf"{TOPIC_ARN}(\.fifo)?"),
        "arn:aws:sns:REGION:ACCOUNT:NAME, separated by commas",
        also=[once("send_topic_arns"), SENDERS_IN_REGION, FEW_TOPICS],
    )
    consume: bool

    table_name: str = optional(r"[A-Za-z0-9_.-]{3,200}", "3 to 200 of A-Z a-z 0-9 _ . -")
    point_in_time_recovery: bool
    deletion_protection: bool
    result_ttl_days: int = between(0, 36_500, "days")
    store_text: bool
    result_stream: bool

    alarm_email: str = optional(r"[^@\s]+@[^@\s]+\.[^@\s]+", "an email address", also=[OWN_TOPIC_ALONE])
    alarm_topic_arn: str = optional(
        TOPIC_ARN,
        "arn:aws:sns:REGION:ACCOUNT:NAME of a standard topic",
        also=[TOPIC_IN_REGION],
    )
    runbook_url: str = matching(
        r"(https://[^\s#]{1,500}|docs/runbook\.md)",
        "an https URL without #, or docs/runbook.md for this repository's own",
    )
    errors_threshold: int = between(1, 1_000_000)
    inference_latency_threshold_ms: int = between(1, 900_000, "ms")
    queue_age_threshold_seconds: int = between(1, 1_209_600, "s")
    dlq_depth_threshold: int = between(1, 1_000_000, "messages")
    throttles_threshold: int = between(1, 1_000_000)
    duration_threshold_percent: int = between(1, 100, "%")

    def __post_init__(self, region: str) -> None:
        values = {**vars(self), "region": region}
        if found := faults_of(Settings, {**values, **derived(values)}, key_of):
            raise SettingsError(found)

    @classmethod
    def load(cls) -> "Settings":
        """Read the current stack's configuration.

        Raises:
            SettingsError: names every key that is unknown, missing, of the wrong type, out of range or in conflict
                with another, or a stack name that cannot be part of resource names.
        """
        check_names(pulumi.get_project(), pulumi.get_stack())
        config = pulumi.Config()
        read = {str: config.require, int: config.require_int, bool: config.require_bool}
        values: dict[str, Any] = {"region": pulumi.Config("aws").get("region") or ""}
        unreadable = unknown_keys(config.name, CONFIG.get())
        if not values["region"]:
            unreadable.append(NO_REGION)
        for item in fields(cls):
            try:
                values[item.name] = read[item.type](key_of(item.name))  # type: ignore[index]
            except (pulumi.ConfigMissingError, pulumi.ConfigTypeError):
                given = config.get(key_of(item.name))
                unreadable.append(f"  {key_of(item.name)}: {given!r} must be {wanted(item)}")
        if unreadable:
            raise SettingsError(unreadable + faults_of(cls, {**values, **derived(values)}, key_of))
        settings = cls(**values)
        for warning in settings.warnings():
            pulumi.log.warn(warning)
        return settings

    def warnings(self) -> list[str]:
        """Settings that are allowed but will trouble the operator."""
        slow = latency_warning(self.model_id, self.image_uri, self.memory_mb, self.inference_latency_threshold_ms)
        mails = (
            f"runbookUrl: {self.runbook_url} is not a link in the emails to {self.alarm_email}. Set it to the https "
            "URL of that page."
        )
        return ([slow] if slow else []) + ([mails] if self.alarm_email and "://" not in self.runbook_url else [])


def key_of(name: str) -> str:
    """The configuration key of a Settings field: memory_mb -> memoryMb."""
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)


def wanted(item: Field) -> str:
    """The allowed values of a field, including its type."""
    kind = {str: "", int: "a whole number, ", bool: "true or false"}[item.type]  # type: ignore[index]
    return kind + (item.metadata["rule"].allowed if item.metadata else "")


def unknown_keys(project: str, given: Iterable[str]) -> list[str]:
    """A fault for each project key that is no setting: a misspelt one would leave its setting at the default."""
    ours = [key.removeprefix(f"{project}:") for key in given if key.startswith(f"{project}:")]
    known = [key_of(item.name) for item in fields(Settings)]
    return [
        f"  {key}: is not a setting" + "".join(f"; did you mean {near}?" for near in get_close_matches(key, known, n=1))
        for key in ours
        if key not in known
    ]


def is_built_for(model_id: str, backend: str) -> bool:
    manifest = built(model_id)
    return manifest is not None and manifest.backend == backend


def derived(values: Mapping[str, Any]) -> dict[str, Any]:
    """Computed values that the rules between fields compare with, beside the fields themselves."""
    found: dict[str, Any] = {}
    if {"model_id", "inference_backend"} <= values.keys():
        found["least_memory_mb"] = least_memory_mb(values["model_id"], values["inference_backend"])
    if {"max_concurrency", "maximum_pollers"} <= values.keys():
        found["most_batches"] = most_batches(values["max_concurrency"], values["maximum_pollers"])
    return found
