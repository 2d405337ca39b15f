"""Rules on queues: no message is lost between a queue, its dead-letter queue and its function."""

import json
from collections.abc import Iterator

from pulumi_policy import PolicyResource

from policy.functions import reserved_of
from policy.rule import ALIAS, FUNCTION, QUEUE, Props, neighbour, resource_rule, stack_rule
from settings.polling import most_batches

MAPPING = "aws:lambda/eventSourceMapping:EventSourceMapping"
VISIBILITY_TIMEOUTS = 6  # https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
UNBUFFERED_BATCH = 10  # largest without a window: the same page
OF_STREAMS = (
    "bisectBatchOnFunctionError",
    "destinationConfig",
    "maximumRecordAgeInSeconds",
    "maximumRetryAttempts",
    "parallelizationFactor",
    "startingPosition",
    "tumblingWindowInSeconds",
)


@resource_rule(QUEUE)
def queue_delivers_before_it_gives_up(queue: Props) -> Iterator[str]:
    """A redrive policy delivers a message at least once before it dead-letters it."""
    if queue.get("redrivePolicy"):
        count = json.loads(queue["redrivePolicy"]).get("maxReceiveCount")
        if not isinstance(count, int) or count < 1:
            yield f"redrivePolicy.maxReceiveCount: {count!r} must be at least 1"


@stack_rule(QUEUE)
def dead_letters_outlive_their_queue(queue: PolicyResource) -> Iterator[str]:
    """A dead-letter queue keeps messages longer than its source: SQS counts from the first enqueueing."""
    dead_letters = neighbour(queue, "redrivePolicy", QUEUE)
    if dead_letters:
        kept, waits = (q.props.get("messageRetentionSeconds", 345_600) for q in (dead_letters, queue))  # SQS's default
        if kept <= waits:
            yield f"its dead-letter queue keeps messages for {kept:.0f} s, but must exceed the queue's {waits:.0f} s"


@stack_rule(MAPPING)
def consumed_queue_has_dead_letters(mapping: PolicyResource) -> Iterator[str]:
    """A queue that a function consumes has a dead-letter queue."""
    queue = neighbour(mapping, "eventSourceArn", QUEUE)
    if queue and not neighbour(queue, "redrivePolicy", QUEUE):
        yield f"its queue {queue.name} must have a redrivePolicy to a queue of this stack"


@stack_rule(MAPPING)
def messages_stay_hidden_while_processed(mapping: PolicyResource) -> Iterator[str]:
    """A received message stays hidden for six times the function's timeout plus the batch window."""
    queue, function = neighbour(mapping, "eventSourceArn", QUEUE), function_of(mapping)
    if queue and function:
        window = mapping.props.get("maximumBatchingWindowInSeconds") or 0
        hidden = queue.props.get("visibilityTimeoutSeconds", 30)  # SQS's default
        needed = VISIBILITY_TIMEOUTS * function.props.get("timeout", 3) + window  # Lambda's default
        if hidden < needed:
            yield f"its queue hides messages for {hidden:.0f} s, but must hide them for {needed:.0f} s"


@stack_rule(MAPPING)
def mapping_feeds_an_alias(mapping: PolicyResource) -> Iterator[str]:
    """A queue feeds an alias, because provisioned concurrency and gradual releases work only through it."""
    if not neighbour(mapping, "functionName", ALIAS):
        yield "functionName must be the ARN of an alias of this stack"


@resource_rule(MAPPING)
def mapping_settings_are_of_queues(mapping: Props) -> Iterator[str]:
    """An event source mapping has only settings for SQS, which ignores those for streams."""
    for name in OF_STREAMS:
        if mapping.get(name):
            yield f"{name} is for streams and does nothing for a queue"


@resource_rule(MAPPING)
def mapping_takes_partial_failures(mapping: Props) -> Iterator[str]:
    """A function reports which messages of a batch failed, so that the others are neither repeated nor lost."""
    if "ReportBatchItemFailures" not in (mapping.get("functionResponseTypes") or []):
        yield "functionResponseTypes must hold ReportBatchItemFailures"


@resource_rule(MAPPING)
def large_batches_have_a_window(mapping: Props) -> Iterator[str]:
    """A batch of more than ten messages needs a batch window of at least a second; else Lambda refuses it."""
    size, window = mapping.get("batchSize") or UNBUFFERED_BATCH, mapping.get("maximumBatchingWindowInSeconds") or 0
    if size > UNBUFFERED_BATCH and window < 1:
        yield f"batchSize: {size:.0f} must be at most {UNBUFFERED_BATCH} unless maximumBatchingWindowInSeconds is 1"


@resource_rule(MAPPING)
def mapping_scales_in_one_way(mapping: Props) -> Iterator[str]:
    """A mapping has a maximum concurrency or provisioned pollers; Lambda refuses both."""
    if _most_concurrency(mapping) and mapping.get("provisionedPollerConfig"):
        yield "scalingConfig.maximumConcurrency must be absent beside provisionedPollerConfig"


@stack_rule(MAPPING)
def queue_stays_within_reserved_concurrency(mapping: PolicyResource) -> Iterator[str]:
    """A queue has no more batches in flight than its function may run, because throttled batches use up deliveries."""
    function = function_of(mapping)
    reserved = reserved_of(function)
    pollers = (mapping.props.get("provisionedPollerConfig") or {}).get("maximumPollers") or 0
    most = most_batches(_most_concurrency(mapping.props), pollers)
    if reserved is not None and most > reserved:
        yield (
            f"has up to {most:.0f} batches in flight by scalingConfig.maximumConcurrency or provisionedPollerConfig, "
            f"but its function reserves only {reserved:.0f} executions"
        )


def _most_concurrency(mapping: Props) -> float:
    return (mapping.get("scalingConfig") or {}).get("maximumConcurrency") or 0


def function_of(mapping: PolicyResource) -> PolicyResource | None:
    """The function that a mapping invokes, directly or through an alias."""
    alias = neighbour(mapping, "functionName", ALIAS)
    return neighbour(alias, "functionName", FUNCTION) if alias else neighbour(mapping, "functionName", FUNCTION)
