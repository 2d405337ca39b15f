"""Computes every line of a stack's monthly bill from its settings and its traffic."""

import math
from collections.abc import Iterator

from components.queue import KEY_REUSE_SECONDS
from function.names import METRICS
from settings.polling import BATCHES_OF_POLLER
from tools.estimate.cost import prices
from tools.estimate.cost.bill import Bill, Line
from tools.estimate.cost.measured import Engine, Sizes
from tools.estimate.cost.stack import Stack
from tools.estimate.cost.usage import HOURS_PER_MONTH, SECONDS_PER_MONTH, SQS_BATCH, Usage, usage
from tools.estimate.pollers import pollers_needed

POLLS, POLL_S = 5, 20  # long polls of Lambda's event source mapping on an idle queue; not documented as a promise
DATA_KEY_S = KEY_REUSE_SECONDS  # DynamoDB keeps its key for the same five minutes
BYTES_PER_GB = 1e9
DAYS_PER_MONTH = 365 / 12
INCLUDED_STORAGE_MB = 512  # of /tmp
PLATFORM_LOG_BYTES = 700  # estimate: Lambda's own `platform.start` and `platform.report` lines
LOG_EVENT_BYTES = 26  # CloudWatch adds this to every event: PutLogEvents
LOG_COMPRESSION = 0.15  # stored share of a log; CloudWatch's pricing examples
TRACED_PER_SECOND, TRACED_SHARE = 1, 0.05  # of requests, at least and beyond: X-Ray's own sampling of Lambda
QUEUE_KEY_REQUESTS = 3  # a data key's, with one producer and one consumer: 2 x P + C, "Amazon SQS key management"
STREAM_SHARDS = 4  # of a new table on demand, which has as many partitions
INDEX_BYTES = 100  # DynamoDB adds this to every item: "Item sizes and formats"


def bill(
    stack: Stack,
    engine: Engine,
    sizes: Sizes,
    items_per_hour: float,
    *,
    free_tier: bool = False,
    texts_per_message: int = 1,
    messages_per_request: int = 1,
) -> Bill:
    """A stack's bill for a month at a steady rate of texts.

    Args:
        texts_per_message, messages_per_request: how producers send.

    Raises:
        ValueError: the rate is not a number of 0 or more.
    """
    used = usage(stack, engine, items_per_hour)
    lines = [*_function(stack, used), *_pollers(stack, used, sizes, texts_per_message)]
    lines += _queue(stack, used, texts_per_message, messages_per_request)
    lines += [*_table(stack, used, sizes), *_logs(stack, used, sizes)]
    lines += [*_watch(stack, used), *_keys(stack, used)]
    lines.append(Line("ECR", "images, at most", stack.kept_images * engine.image_gb, prices.ECR_STORAGE, standing=True))
    return Bill([line for line in lines if line.quantity], used, free_tier)


def _function(stack: Stack, used: Usage) -> Iterator[Line]:
    duration = prices.LAMBDA_DURATION[stack.architecture]
    if stack.provisioned:  # rules out the free tier, for requests and for duration on other environments too
        yield Line(
            "Lambda",
            f"{used.warm:.3g} environments kept warm",
            used.warm * stack.memory_gb * SECONDS_PER_MONTH,
            prices.PROVISIONED[stack.architecture],
            standing=True,
        )
        yield Line(
            "Lambda",
            "duration, warm environments",
            used.warm_s * stack.memory_gb,
            prices.PROVISIONED_DURATION[stack.architecture],
        )
    yield Line("Lambda", "duration", used.on_demand_s * stack.memory_gb, duration, free=not stack.provisioned)
    yield Line("Lambda", "requests", used.batches, prices.LAMBDA_REQUESTS, free=not stack.provisioned)
    extra_gb = (stack.ephemeral_storage_mb - INCLUDED_STORAGE_MB) / 1024
    yield Line("Lambda", "/tmp", (used.warm_s + used.on_demand_s) * extra_gb, prices.LAMBDA_STORAGE)


def keeps_up(stack: Stack, used: Usage, sizes: Sizes) -> bool:
    """Whether the queue does not grow, with a message for each text."""
    if stack.maximum_pollers:
        return _needed(used, sizes, 1) <= stack.maximum_pollers
    return used.concurrency <= stack.most_batches


def _needed(used: Usage, sizes: Sizes, texts_per_message: int) -> float:
    """Provisioned pollers."""
    return pollers_needed(used.items / SECONDS_PER_MONTH, used.concurrency, texts_per_message, sizes.characters)


def _pollers(stack: Stack, used: Usage, sizes: Sizes, texts_per_message: int) -> Iterator[Line]:
    pollers = min(max(_needed(used, sizes, texts_per_message), stack.minimum_pollers), stack.maximum_pollers)
    what = f"{pollers:.3g} provisioned pollers"
    yield Line("Lambda", what, pollers * HOURS_PER_MONTH, prices.POLLER_HOURS, standing=True)


def _queue(stack: Stack, used: Usage, texts_per_message: int, messages_per_request: int) -> Iterator[Line]:
    at_once = stack.minimum_pollers * BATCHES_OF_POLLER or POLLS
    polls = SECONDS_PER_MONTH / POLL_S * at_once if stack.consume else 0
    requests = used.batches * math.ceil(used.batch_items / texts_per_message / SQS_BATCH)
    together = texts_per_message * messages_per_request
    sends = "sends, one a text" if together == 1 else f"sends, {together} texts in one"
    yield Line("SQS", "idle polling", polls, prices.SQS_REQUESTS, standing=True)
    yield Line("SQS", sends, used.items / together, prices.SQS_REQUESTS)
    yield Line("SQS", "receives and deletes", 2 * requests, prices.SQS_REQUESTS)


def _table(stack: Stack, used: Usage, sizes: Sizes) -> Iterator[Line]:
    stored = used.items if stack.consume else 0
    item_bytes = sizes.stored_item + (sizes.characters if stack.store_text else 0)
    kept_gb = stored * stack.result_days / DAYS_PER_MONTH * (item_bytes + INDEX_BYTES) / BYTES_PER_GB
    yield Line("DynamoDB", "writes", stored * math.ceil(item_bytes / 1024), prices.DYNAMODB_WRITES)
    yield Line("DynamoDB", f"storage, after {stack.result_days} days", kept_gb, prices.DYNAMODB_STORAGE)
    yield Line("DynamoDB", "point-in-time recovery", kept_gb * stack.recovery, prices.DYNAMODB_RECOVERY)
    yield Line("DynamoDB", "stream, read by Lambda", stored * stack.stream, prices.STREAM_BY_LAMBDA)


def stream_usd(used: Usage, *, free_tier: bool) -> dict[str, float]:
    """US dollars a month for readers other than Lambda that read every result from the stream."""
    looks = STREAM_SHARDS * SECONDS_PER_MONTH - prices.STREAM_READS.free * free_tier
    return {
        "a pipe": prices.PIPES.of(used.items),
        f"a program that looks at {STREAM_SHARDS} shards every second": prices.STREAM_READS.of(looks),
    }


def _logs(stack: Stack, used: Usage, sizes: Sizes) -> Iterator[Line]:
    batch_bytes = PLATFORM_LOG_BYTES + sizes.metrics_line + 3 * LOG_EVENT_BYTES
    if stack.logs_batches:
        batch_bytes += sizes.batch_line + LOG_EVENT_BYTES
    logged_gb = used.batches * batch_bytes / BYTES_PER_GB
    stored_gb = logged_gb * LOG_COMPRESSION * stack.log_days / DAYS_PER_MONTH
    yield Line("CloudWatch", "logs taken in", logged_gb, prices.LOG_INGESTION)
    yield Line("CloudWatch", f"logs kept {stack.log_days} days", stored_gb, prices.LOG_STORAGE)


def _watch(stack: Stack, used: Usage) -> Iterator[Line]:
    active = min(1.0, used.batches / HOURS_PER_MONTH)  # a metric costs nothing in an hour without a value
    yield Line("CloudWatch", "metrics", len(METRICS) * active, prices.METRICS)
    yield Line("CloudWatch", "alarms", stack.alarms, prices.ALARMS, standing=True)
    yield Line("CloudWatch", "dashboard", stack.dashboards, prices.DASHBOARDS, standing=True)
    if stack.tracing:
        per_second = used.batches / SECONDS_PER_MONTH
        sampled = min(per_second, TRACED_PER_SECOND) + TRACED_SHARE * max(0.0, per_second - TRACED_PER_SECOND)
        yield Line("X-Ray", "traces", sampled * SECONDS_PER_MONTH, prices.TRACES)


def _keys(stack: Stack, used: Usage) -> Iterator[Line]:
    data_keys = min(used.batches, SECONDS_PER_MONTH / DATA_KEY_S)
    requests = data_keys * (1 + QUEUE_KEY_REQUESTS * stack.queue_key)  # 1: of the table, whose key AWS manages
    yield Line("KMS", "keys", stack.keys, prices.KMS_KEYS, standing=True)
    yield Line("KMS", "requests", requests, prices.KMS_REQUESTS)
