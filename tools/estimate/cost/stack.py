"""Reads the parts of a stack that cost money from its program's registrations."""

from dataclasses import dataclass

from settings.polling import UNLIMITED_BATCHES, most_batches
from tools.local.program import run
from tools.local.recorder import Recorder

BUILDS_A_YEAR = 52  # images never expire; counts them as after a year of one build a week
DAYS_IF_KEPT = 365  # counts results that never expire as after a year
SCALING_ALARMS = 2  # created by Application Auto Scaling for a target-tracking policy
LEVELS_WITH_BATCH_LINE = ("TRACE", "DEBUG", "INFO")


@dataclass(frozen=True, kw_only=True)
class Stack:
    """
    Attributes:
        backend: onnx or torch; assumed to be onnx for a promoted image.
        max_concurrency, minimum_pollers, maximum_pollers: limits of the concurrent batches; 0 means no limit.
        provisioned, provisioned_max: warm environments; the same number unless they are scaled.
        kept_images: in the stack's own registry; 0 if it deploys another stack's image.
        keys: KMS keys that the stack creates. queue_key: whether the queues use a customer managed key.
        result_days: how long a result is kept. stream: whether the table has one.
    """

    name: str
    backend: str
    architecture: str
    memory_mb: int
    ephemeral_storage_mb: int
    batch_size: int
    window_s: int
    max_concurrency: int
    minimum_pollers: int
    maximum_pollers: int
    consume: bool
    provisioned: int
    provisioned_max: int
    tracing: bool
    log_days: int
    logs_batches: bool
    alarms: int
    dashboards: int
    keys: int
    queue_key: bool
    kept_images: int
    recovery: bool
    result_days: int
    store_text: bool
    stream: bool

    @property
    def memory_gb(self) -> float:
        return self.memory_mb / 1024

    @property
    def most_batches(self) -> float:
        return most_batches(self.max_concurrency, self.maximum_pollers)

    @property
    def most_batches_is(self) -> str:
        """Describes what sets that limit."""
        if self.max_concurrency:
            return f"maxConcurrency {self.max_concurrency}"
        return f"maximumPollers {self.maximum_pollers}" if self.maximum_pollers else f"Lambda's {UNLIMITED_BATCHES:,}"


def read_stack(name: str) -> Stack:
    """Run the program of a stack and read it.

    Raises:
        FileNotFoundError: there is no such stack. SettingsError: its configuration is refused.
    """
    return stack_of(name, run(name))


def stack_of(name: str, recording: Recorder) -> Stack:
    function = recording.one("aws:lambda/function:Function").inputs
    mapping = recording.one("aws:lambda/eventSourceMapping:EventSourceMapping").inputs
    pollers = mapping.get("provisionedPollerConfig", {})
    logs = recording.one("aws:cloudwatch/logGroup:LogGroup").inputs
    table = recording.one("aws:dynamodb/table:Table").inputs
    images = recording.all("docker:index/image:Image")
    variables = function["environment"]["variables"]
    warm = [r.inputs for r in recording.all("aws:lambda/provisionedConcurrencyConfig:ProvisionedConcurrencyConfig")]
    provisioned = sum(inputs["provisionedConcurrentExecutions"] for inputs in warm)
    scaled = [target.inputs["maxCapacity"] for target in recording.all("aws:appautoscaling/target:Target")]
    alarms = len(recording.all("aws:cloudwatch/metricAlarm:MetricAlarm"))
    return Stack(
        name=name,
        backend=images[0].inputs["build"]["args"]["BACKEND"] if images else "onnx",
        architecture=function["architectures"][0],
        memory_mb=function["memorySize"],
        ephemeral_storage_mb=function["ephemeralStorage"]["size"],
        batch_size=mapping["batchSize"],
        window_s=mapping["maximumBatchingWindowInSeconds"],
        max_concurrency=mapping.get("scalingConfig", {}).get("maximumConcurrency", 0),
        minimum_pollers=pollers.get("minimumPollers", 0),
        maximum_pollers=pollers.get("maximumPollers", 0),
        consume=mapping["enabled"],
        provisioned=provisioned,
        provisioned_max=max([provisioned, *scaled]),
        tracing=function["tracingConfig"]["mode"] == "Active",
        log_days=logs["retentionInDays"],
        logs_batches=function["loggingConfig"]["applicationLogLevel"] in LEVELS_WITH_BATCH_LINE,
        alarms=alarms + SCALING_ALARMS * len(recording.all("aws:appautoscaling/policy:Policy")),
        dashboards=len(recording.all("aws:cloudwatch/dashboard:Dashboard")),
        keys=len(recording.all("aws:kms/key:Key")),
        queue_key=any("kmsMasterKeyId" in queue.inputs for queue in recording.all("aws:sqs/queue:Queue")),
        kept_images=BUILDS_A_YEAR if images else 0,
        recovery=table["pointInTimeRecovery"]["enabled"],
        result_days=int(variables["RESULT_TTL_DAYS"]) or DAYS_IF_KEPT,
        store_text=variables["STORE_TEXT"] == "true",
        stream=table.get("streamEnabled", False),
    )
