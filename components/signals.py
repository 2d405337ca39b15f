"""The metrics to watch, their thresholds and their meaning. To add an alarm, add a Signal to the list."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi

from function.names import (
    DEAD_LETTERED,
    INFERENCE_LATENCY,
    ITEM_FAILURES,
    METRIC_DIMENSION,
    METRIC_NAMESPACE,
    VERSION_DIMENSION,
)

PERIOD_SECONDS = 300


@dataclass(frozen=True)
class Source:
    """The source of a metric: a CloudWatch namespace, and the dimensions that select one resource in it."""

    namespace: str
    dimensions: Mapping[str, pulumi.Input[str]]


@dataclass(frozen=True, kw_only=True)
class Signal:
    """One metric and its alarm threshold.

    Attributes:
        name: short and unique; part of the alarm's name.
        means: the alarm's meaning, in a sentence or two; docs/runbook.md has a section of the same name on what to do.
        statistic: over each period of five minutes.
        threshold: the alarm goes off at this value or above, in the metric's own unit.
        periods: consecutive periods at the threshold that set the alarm off.
    """

    name: str
    means: str
    source: Source
    metric: str
    statistic: str
    threshold: float
    periods: int = 1


@dataclass(frozen=True, kw_only=True)
class SignalsArgs:
    """
    Attributes:
        function_name, alias_name, queue_name, dlq_name, table_name: the resources to watch.
        timeout_seconds: the function's timeout; `duration_percent` is a share of it.
        provisioned: whether the alias has provisioned concurrency.
        canary_version: the version that gets a share of the batches as a canary; None if there is none.
        errors, throttles: thresholds per five minutes. dlq_depth: messages.
    """

    function_name: pulumi.Input[str]
    alias_name: pulumi.Input[str]
    queue_name: pulumi.Input[str]
    dlq_name: pulumi.Input[str]
    table_name: pulumi.Input[str]
    timeout_seconds: int
    provisioned: bool
    errors: int
    throttles: int
    duration_percent: int
    inference_ms: int
    queue_age_seconds: int
    dlq_depth: int
    canary_version: pulumi.Input[str] | None = None


def signals_of(args: SignalsArgs) -> list[Signal]:
    """The signals of one stack, from which its alarms and its dashboard are built."""
    function = Source("AWS/Lambda", {"FunctionName": args.function_name})
    live = pulumi.Output.concat(args.function_name, ":", args.alias_name)
    alias = Source("AWS/Lambda", {"FunctionName": args.function_name, "Resource": live})
    items = Source(METRIC_NAMESPACE, {METRIC_DIMENSION: args.function_name})
    queue = Source("AWS/SQS", {"QueueName": args.queue_name})
    dlq = Source("AWS/SQS", {"QueueName": args.dlq_name})
    table = Source("AWS/DynamoDB", {"TableName": args.table_name})
    puts = Source("AWS/DynamoDB", {"TableName": args.table_name, "Operation": "PutItem"})
    signals = [
        Signal(
            name="errors",
            means="Whole invocations fail. Their messages are retried, then dead-lettered.",
            source=function,
            metric="Errors",
            statistic="Sum",
            threshold=args.errors,
        ),
        Signal(
            name="item-failures",
            means="Individual items fail and are retried: the table throttles or refuses, or inference fails.",
            source=items,
            metric=ITEM_FAILURES,
            statistic="Sum",
            threshold=args.errors,
        ),
        Signal(
            name="throttles",
            means="Lambda refuses invocations for lack of concurrency. Messages wait.",
            source=function,
            metric="Throttles",
            statistic="Sum",
            threshold=args.throttles,
        ),
        Signal(
            name="duration",
            means=f"The slowest batch came close to the timeout of {args.timeout_seconds} s, which fails a batch.",
            source=function,
            metric="Duration",
            statistic="Maximum",
            threshold=args.timeout_seconds * 1000 * args.duration_percent / 100,
        ),
        Signal(
            name="inference-latency",
            means="Inference per item is slow. Results come late.",
            source=items,
            metric=INFERENCE_LATENCY,
            statistic="Average",
            threshold=args.inference_ms,
            periods=2,  # one period may hold nothing but a cold start and a long text
        ),
        Signal(
            name="queue-age",
            means="Messages wait too long. Those that exceed the queue's retention are lost.",
            source=queue,
            metric="ApproximateAgeOfOldestMessage",
            statistic="Maximum",
            threshold=args.queue_age_seconds,
        ),
        Signal(
            name="dlq-depth",
            means="Messages could not be processed and are in the dead-letter queue.",
            source=dlq,
            metric="ApproximateNumberOfMessagesVisible",
            statistic="Maximum",
            threshold=args.dlq_depth,
        ),
        Signal(
            name="table-throttles",
            means="DynamoDB throttles writes. Their messages are retried.",
            source=table,
            metric="WriteThrottleEvents",
            statistic="Sum",
            threshold=1,
            periods=2,
        ),
        Signal(
            name="table-errors",
            means="DynamoDB answers with server errors. Their messages are retried.",
            source=puts,
            metric="SystemErrors",
            statistic="Sum",
            threshold=1,
            periods=2,
        ),
    ]
    if args.provisioned:
        signals.append(
            Signal(
                name="spillover",
                means="More executions than provisioned concurrency keeps warm: some start cold.",
                source=alias,
                metric="ProvisionedConcurrencySpilloverInvocations",
                statistic="Sum",
                threshold=1,
                periods=2,
            )
        )
    if args.canary_version is not None:
        signals.append(
            Signal(
                name="canary-errors",
                means="The new version, which gets a share of the batches as a canary, fails whole invocations.",
                source=Source(
                    "AWS/Lambda",
                    {"FunctionName": args.function_name, "Resource": live, "ExecutedVersion": args.canary_version},
                ),
                metric="Errors",
                statistic="Sum",
                threshold=1,  # a small share of little traffic may show only one failure
            )
        )
        signals.append(
            Signal(
                name="canary-dead-letters",
                means="The new version, which gets a share of the batches as a canary, dead-letters messages.",
                source=Source(
                    METRIC_NAMESPACE, {METRIC_DIMENSION: args.function_name, VERSION_DIMENSION: args.canary_version}
                ),
                metric=DEAD_LETTERED,
                statistic="Sum",
                threshold=args.dlq_depth,
            )
        )
    return signals
