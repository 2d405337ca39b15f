"""The Lambda handler: loads the model once, dispatches events, logs their outcome and emits metrics."""

import gc

gc.disable()  # off during init: everything allocated here is kept, and collecting takes 10 % of a cold start

import logging
import os
import time
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from function import classifier as classifiers
from function import names
from function.answer import answer
from function.clients import clients
from function.consume import Consumer
from function.dead_letters import DeadLetters
from function.environment import Environment
from function.errors import describe
from function.metrics import emit
from function.records import is_whole, message_id, refuse_foreign
from function.store import Store

logger = logging.getLogger(__name__)
for talkative in ("botocore", "urllib3"):
    logging.getLogger(talkative).setLevel(logging.WARNING)  # below that, they log whole requests with their texts

environment = Environment.read(os.environ)
dynamodb, sqs = clients()
_began = time.perf_counter()
classifier = classifiers.load(environment.model_dir)
model_load_ms = (time.perf_counter() - _began) * 1000
consumer = Consumer(
    classifier=classifier,
    store=Store(
        client=dynamodb,
        table_name=environment.results_table,
        model_id=classifier.manifest.model_id,
        model_revision=classifier.manifest.model_revision,
        ttl_days=environment.result_ttl_days,
        store_text=environment.store_text,
    ),
    dead_letters=DeadLetters(client=sqs, queue_url=environment.dead_letter_queue_url),
    max_receive_count=environment.max_receive_count,
)
cold_start = True
gc.freeze()  # excludes the objects from init from later collections
gc.enable()


def handler(event: Any, context: Any) -> dict[str, Any]:
    """Answer an SQS event or a direct invocation.

    Args:
        event: `{"Records": [...]}` from the queue, or `{"items": [{"id", "text"}, ...]}`.
        context: Lambda's context object.

    Returns:
        `{"batchItemFailures": [{"itemIdentifier": messageId}, ...]}` for the queue; see `function.answer` for the rest.
        An SQS event never raises: an unforeseen error is reported as a failure of all records, or as statusCode 500.

    Raises:
        ForeignEvent: another service sent it, which would treat any answer as success; Lambda counts it in Errors.
    """
    refuse_foreign(event)
    global cold_start
    first, cold_start = cold_start, False
    if isinstance(event, Mapping) and isinstance(records := event.get("Records"), list):
        return _consume(records, context, first)
    return _answer(event, context, first)


def _answer(event: object, context: Any, first: bool) -> dict[str, Any]:
    try:
        response = answer(event, classifier, model_load_ms, first)
    except Exception as error:
        logger.error("direct invocation failed", extra=describe(error))
        _emit(context, first, {names.ITEM_FAILURES: 1})
        return {"statusCode": 500, "error": type(error).__name__}
    metrics = response.get("metrics", {})  # none if nothing was valid
    logger.info("direct invocation done", extra={"status": response["statusCode"], "cold_start": first, **metrics})
    values = {names.ITEMS: metrics.get("total_items", 0)}
    if metrics:
        values[names.INFERENCE_LATENCY] = metrics["average_inference_latency_ms"]
    _emit(context, first, values)
    return response


def _consume(records: list[Any], context: Any, first: bool) -> dict[str, Any]:
    whole: list[Any] = []
    broken: list[Any] = []
    for record in records:
        (whole if is_whole(record) else broken).append(record)
    if broken:
        logger.error("records are not of SQS", extra={"records": len(broken)})
    try:
        failed, counts = consumer.consume(whole, context.aws_request_id, context.get_remaining_time_in_millis)
    except Exception as error:
        logger.error("batch failed", extra={"records": len(records), **describe(error)})
        _emit(context, first, {names.ITEM_FAILURES: len(records)})
        return _failures([message_id(record) for record in records])
    logger.info("batch done", extra={"records": len(records), "cold_start": first, **asdict(counts)})
    values: dict[str, float] = {
        names.ITEMS: counts.items,
        names.ITEM_FAILURES: counts.failures + len(broken),
        names.DEAD_LETTERED: counts.dead_lettered,
    }
    if counts.classified:
        values[names.INFERENCE_LATENCY] = counts.inference_ms / counts.classified
    _emit(context, first, values)
    if counts.dead_lettered:  # the metric costs nothing in an hour without dead letters
        emit(context.function_name, {names.DEAD_LETTERED: counts.dead_lettered}, context.function_version)
    return _failures([*failed, *map(message_id, broken)])


def _failures(message_ids: list[str]) -> dict[str, Any]:
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in message_ids]}


def _emit(context: Any, first: bool, values: dict[str, float]) -> None:
    start: dict[str, float] = {names.COLD_START: 1, names.MODEL_LOAD: model_load_ms} if first else {}
    emit(context.function_name, values | start)
