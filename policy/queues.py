"""Queues: nothing is lost between a queue, its dead-letter queue and its function."""

import json
from collections.abc import Iterator

from pulumi_policy import PolicyResource

from policy.functions import reserved_of
from policy.rule import ALIAS, FUNCTION, QUEUE, Props, neighbour, resource_rule, stack_rule

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
    """A redrive policy delivers a message at least once before the dead-letter queue gets it."""
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
            yield f"its dead-letter queue keeps messages for {kept:.0f} s and must for more than its own {waits:.0f} s"


@stack_rule(MAPPING)
def consumed_queue_has_dead_letters(mapping: PolicyResource) -> Iterator[str]:
    """A queue that a function consumes has a dead-letter queue."""
    queue = neighbour(mapping, "eventSourceArn", QUEUE)
    if queue and not neighbour(queue, "redrivePolicy", QUEUE):
        yield f"its queue {queue.name} must have a redrivePolicy to a queue of this stack"


@stack_rule(MAPPING)
def messages_stay_hidden_while_processed(mapping: PolicyResource) -> Iterator[str]:
    """A received message stays hidden for six timeouts of the function and the batch window."""
    queue, function = neighbour(mapping, "eventSourceArn", QUEUE), function_of(mapping)
    if queue and function:
        window = mapping.props.get("maximumBatchingWindowInSeconds") or 0
        hidden = queue.props.get("visibilityTimeoutSeconds", 30)  # SQS's default
        needed = VISIBILITY_TIMEOUTS * function.props.get("timeout", 3) + window  # Lambda's default
        if hidden < needed:
            yield f"its queue hides messages for {hidden:.0f} s and must for {needed:.0f} s"


@stack_rule(MAPPING)
def mapping_feeds_an_alias(mapping: PolicyResource) -> Iterator[str]:
    """A queue feeds an alias: provisioned concurrency and gradual releases are on it, not on the function."""
    if not neighbour(mapping, "functionName", ALIAS):
        yield "functionName must be the ARN of an alias of this stack"


@resource_rule(MAPPING)
def mapping_settings_are_of_queues(mapping: Props) -> Iterator[str]:
    """An event source mapping has only settings that mean something for SQS, which ignores those of streams."""
    for name in OF_STREAMS:
        if mapping.get(name):
            yield f"{name} is for streams and does nothing for a queue"


@resource_rule(MAPPING)
def mapping_takes_partial_failures(mapping: Props) -> Iterator[str]:
    """A function reports which messages of a batch failed, so that one does not repeat or lose its neighbours."""
    if "ReportBatchItemFailures" not in (mapping.get("functionResponseTypes") or []):
        yield "functionResponseTypes must hold ReportBatchItemFailures"


@resource_rule(MAPPING)
def large_batches_have_a_window(mapping: Props) -> Iterator[str]:
    """A batch of more than ten messages is collected in a window of at least a second; Lambda refuses it without."""
    size, window = mapping.get("batchSize") or UNBUFFERED_BATCH, mapping.get("maximumBatchingWindowInSeconds") or 0
    if size > UNBUFFERED_BATCH and window < 1:
        yield f"batchSize: {size:.0f} must be at most {UNBUFFERED_BATCH} unless maximumBatchingWindowInSeconds is 1"


@stack_rule(MAPPING)
def queue_stays_within_reserved_concurrency(mapping: PolicyResource) -> Iterator[str]:
    """A queue has no more batches in flight than its function may run: a throttled batch uses up deliveries."""
    function = function_of(mapping)
    reserved = reserved_of(function)
    most = (mapping.props.get("scalingConfig") or {}).get("maximumConcurrency")
    if reserved is not None and (not most or most > reserved):
        yield f"scalingConfig.maximumConcurrency: {most or 'none'} must be at most the function's {reserved:.0f}"


def function_of(mapping: PolicyResource) -> PolicyResource | None:
    """The function that a mapping invokes, by way of an alias or at once."""
    alias = neighbour(mapping, "functionName", ALIAS)
    return neighbour(alias, "functionName", FUNCTION) if alias else neighbour(mapping, "functionName", FUNCTION)
