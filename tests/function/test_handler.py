"""The handler on recorded events: exact responses, for both of its callers."""

import gc
import importlib
import json
import logging
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from function import names
from function.records import ForeignEvent
from tests.function.aws import CONTEXT, Aws, import_handler, moto_aws, record
from tools.local.recorder import Recorder

EVENTS = Path(__file__).parent / "events"


LOG_LEVELS = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"]  # as settings.py and Lambda accept them


def event(name: str) -> Any:
    return json.loads((EVENTS / f"{name}.json").read_text())


@pytest.fixture
def aws() -> Iterator[Aws]:
    with moto_aws() as resources:
        yield resources


@pytest.fixture
def variables(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    given = aws.variables()
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    return given


@pytest.fixture
def module(variables: dict[str, str]) -> ModuleType:
    return import_handler()


def test_the_init_freezes_its_objects_and_turns_garbage_collection_back_on(
    variables: dict[str, str],
) -> None:
    sys.modules.pop("function.handler", None)
    importlib.import_module("function.handler")
    assert gc.isenabled()
    assert gc.get_freeze_count() > 0
    gc.unfreeze()


def embedded_metrics(output: str) -> dict[str, Any]:
    """The metrics of the whole function, without those of single versions."""
    lines = [json.loads(line) for line in output.splitlines() if "_aws" in line]
    (whole,) = [line for line in lines if names.VERSION_DIMENSION not in line]
    return whole


# The four tests of the design guide that this project started from


def test_positive_sentiment(module: ModuleType) -> None:
    response = module.handler({"items": [{"id": "test-1", "text": "This is amazing! I love it."}]}, CONTEXT)
    assert response["statusCode"] == 200
    assert response["results"][0]["sentiment"] == "POSITIVE"
    assert response["results"][0]["score"] > 0.5


def test_negative_sentiment(module: ModuleType) -> None:
    response = module.handler({"items": [{"id": "test-2", "text": "Terrible, worst experience ever."}]}, CONTEXT)
    assert response["statusCode"] == 200
    assert response["results"][0]["sentiment"] == "NEGATIVE"
    assert response["results"][0]["score"] > 0.5


def test_batch_processing(module: ModuleType) -> None:
    items = [{"id": f"test-{n}", "text": f"Review number {n} is great"} for n in range(10)]
    response = module.handler({"items": items}, CONTEXT)
    assert [result["id"] for result in response["results"]] == [item["id"] for item in items]
    assert response["metrics"]["processed_items"] == response["metrics"]["total_items"] == 10


@pytest.mark.parametrize("nothing", [{}, {"items": []}, {"items": None}, None, [], "text", {"items": [{"id": "1"}]}])
def test_an_event_without_valid_items_is_refused(module: ModuleType, nothing: Any) -> None:
    response = module.handler(nothing, CONTEXT)
    assert response["statusCode"] == 400
    assert response["error"] == "nothing valid to classify"
    assert all("must be" in error["message"] for error in response["errors"])


# Direct invocation


def test_a_direct_invocation_answers_in_full_and_stores_nothing(module: ModuleType, aws: Aws) -> None:
    response = module.handler(event("direct"), CONTEXT)
    latency = response["results"][0].pop("latency_ms")
    response["results"][1].pop("latency_ms")
    scores = [result.pop("score") for result in response["results"]]
    metrics = response.pop("metrics")
    assert response == {
        "statusCode": 200,
        "results": [
            {
                "id": "test-1",
                "text": "This is amazing! I love it.",
                "sentiment": "POSITIVE",
                "truncated": False,
            },
            {
                "id": "test-2",
                "text": "Terrible, worst experience ever.",
                "sentiment": "NEGATIVE",
                "truncated": False,
            },
        ],
    }
    assert all(0.5 < score <= 1 for score in scores)
    assert metrics["total_inference_latency_ms"] == pytest.approx(2 * latency, abs=0.01)
    assert metrics["average_inference_latency_ms"] == latency > 0
    assert metrics["duration_ms"] >= metrics["total_inference_latency_ms"]
    assert metrics["model_load_ms"] > 0
    assert (metrics["total_items"], metrics["processed_items"], metrics["cold_start"]) == (2, 2, True)
    assert aws.results() == {}


def test_only_the_first_invocation_is_a_cold_start(module: ModuleType) -> None:
    starts = [module.handler(event("direct"), CONTEXT)["metrics"]["cold_start"] for _ in range(3)]
    assert starts == [True, False, False]


def test_a_direct_invocation_is_counted_and_logged_like_a_batch(
    module: ModuleType, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    module.handler(event("direct"), CONTEXT)
    metrics = embedded_metrics(capsys.readouterr().out)
    assert (metrics[names.ITEMS], metrics[names.COLD_START]) == ([2.0], [1.0])
    assert metrics[names.INFERENCE_LATENCY][0] > 0
    assert metrics[names.MODEL_LOAD][0] > 0
    (logged,) = [vars(entry) for entry in caplog.records if entry.message == "direct invocation done"]
    assert (logged["processed_items"], logged["status"], logged["cold_start"]) == (2, 200, True)


def test_a_direct_invocation_without_valid_items_still_reports_its_cold_start(
    module: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    module.handler({"items": []}, CONTEXT)
    metrics = embedded_metrics(capsys.readouterr().out)
    assert (metrics[names.ITEMS], metrics[names.COLD_START]) == ([0.0], [1.0])
    assert names.INFERENCE_LATENCY not in metrics


def test_invalid_items_are_listed_beside_the_results(module: ModuleType) -> None:
    response = module.handler({"items": [{"id": "1", "text": "good"}, {"id": "2", "text": 3}]}, CONTEXT)
    assert [result["id"] for result in response["results"]] == ["1"]
    (error,) = response["errors"]
    assert error["code"] == "InvalidText"
    assert error["message"].startswith("items[1].text: 3 is not allowed; must be a string")
    assert (response["metrics"]["total_items"], response["metrics"]["processed_items"]) == (2, 1)


def test_a_direct_invocation_answers_500_if_the_model_fails(
    module: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(module, "classifier", None)
    assert module.handler(event("direct"), CONTEXT) == {"statusCode": 500, "error": "AttributeError"}
    assert embedded_metrics(capsys.readouterr().out)[names.ITEM_FAILURES] == [1.0]


def test_a_text_over_512_tokens_is_marked_as_truncated(module: ModuleType) -> None:
    items = [{"id": "long", "text": "good " * 600}, {"id": "short", "text": "good"}]
    results = module.handler({"items": items}, CONTEXT)["results"]
    assert [result["truncated"] for result in results] == [True, False]


# The queue


def test_a_batch_from_the_queue_is_stored_and_acknowledged(module: ModuleType, aws: Aws) -> None:
    assert module.handler(event("sqs_batch"), CONTEXT) == {"batchItemFailures": []}
    results = aws.results()
    assert {item_id: item["sentiment"] for item_id, item in results.items()} == {
        "review-1": "POSITIVE",
        "review-2": "NEGATIVE",
    }
    assert results["review-1"]["sent_at"] == "2025-11-01T12:26:40.000000+00:00"
    assert results["review-2"]["sent_at"] == "2025-11-01T10:00:00.000000+00:00"
    assert results["review-1"]["model_id"] == module.classifier.manifest.model_id
    assert [dead["Body"] for dead in aws.dead_letters()] == ['{"id": "review-3"}']


def test_the_handler_prints_metrics_in_the_embedded_format(
    module: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    module.handler(event("sqs_batch"), CONTEXT)
    first = embedded_metrics(capsys.readouterr().out)
    (directive,) = first["_aws"]["CloudWatchMetrics"]
    assert directive["Namespace"] == names.METRIC_NAMESPACE
    assert directive["Dimensions"] == [[names.METRIC_DIMENSION]]
    assert first[names.METRIC_DIMENSION] == "sentiment"
    assert (first[names.ITEMS], first[names.ITEM_FAILURES], first[names.DEAD_LETTERED]) == ([3.0], [0.0], [1.0])
    assert first[names.INFERENCE_LATENCY][0] > 0
    assert first[names.COLD_START] == [1.0]
    assert first[names.MODEL_LOAD][0] > 0
    module.handler(event("sqs_batch"), CONTEXT)
    second = embedded_metrics(capsys.readouterr().out)
    assert names.COLD_START not in second
    assert names.MODEL_LOAD not in second


def test_dead_letters_are_also_counted_by_version_if_there_are_any(
    module: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    def by_version() -> list[dict[str, Any]]:
        lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if "_aws" in line]
        return [line for line in lines if names.VERSION_DIMENSION in line]

    module.handler(event("sqs_batch"), CONTEXT)
    (line,) = by_version()
    (directive,) = line["_aws"]["CloudWatchMetrics"]
    assert [set(given) for given in directive["Dimensions"]] == [{names.METRIC_DIMENSION, names.VERSION_DIMENSION}]
    assert [metric["Name"] for metric in directive["Metrics"]] == [names.DEAD_LETTERED]
    assert (line[names.METRIC_DIMENSION], line[names.VERSION_DIMENSION]) == ("sentiment", "7")
    assert line[names.DEAD_LETTERED] == [1.0]
    module.handler({"Records": [record(json.dumps({"id": "1", "text": "good"}))]}, CONTEXT)
    assert by_version() == []


def passes(line: dict[str, Any], log_level: str) -> bool:
    """Whether Lambda lets a JSON line through: without a level or an RFC 3339 timestamp it counts as INFO."""
    stamped = datetime.fromisoformat(line.get("timestamp", "1970-01-01")).tzinfo is not None
    level = line.get("level") if stamped else None
    return LOG_LEVELS.index(level if level in LOG_LEVELS else "INFO") >= LOG_LEVELS.index(log_level)


@pytest.mark.parametrize("log_level", LOG_LEVELS)
def test_no_log_level_silences_the_metrics_that_alarms_watch(
    module: ModuleType, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, log_level: str
) -> None:
    monkeypatch.setenv("AWS_LAMBDA_LOG_LEVEL", log_level)
    module.handler(event("sqs_batch"), CONTEXT)
    line = embedded_metrics(capsys.readouterr().out)
    assert passes(line, log_level)
    without_level = {name: value for name, value in line.items() if name != "level"}
    assert passes(without_level, log_level) == (log_level in ("TRACE", "DEBUG", "INFO"))


def test_an_unexpected_error_fails_every_record(module: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "consumer", None)
    failures = module.handler(event("sqs_batch"), CONTEXT)["batchItemFailures"]
    assert failures == [{"itemIdentifier": r["messageId"]} for r in event("sqs_batch")["Records"]]


# As SNS, S3 and other services send them: https://docs.aws.amazon.com/lambda/latest/dg/lambda-services.html
FOREIGN = {
    "aws:sns": {"Records": [{"EventSource": "aws:sns", "EventVersion": "1.0", "Sns": {"Message": "planted-text"}}]},
    "aws:s3": {"Records": [{"eventSource": "aws:s3", "eventName": "ObjectCreated:Put", "s3": {"object": {}}}]},
    "aws:dynamodb": {"Records": [{"eventSource": "aws:dynamodb", "eventID": "1", "dynamodb": {"Keys": {}}}]},
    "aws:events": {"version": "0", "detail-type": "Object Created", "source": "aws.s3", "detail": {}},
    "aws:logs": {"awslogs": {"data": "H4sI"}},
    "aws:cloudwatch": {"source": "aws.cloudwatch", "alarmArn": "arn:aws:cloudwatch:us-west-2:1:alarm:a"},
}


@pytest.mark.parametrize("source", FOREIGN)
def test_an_event_from_another_service_fails_loudly(module: ModuleType, source: str) -> None:
    with pytest.raises(ForeignEvent, match=f"an event from {source}: the function accepts only") as refused:
        module.handler(FOREIGN[source], CONTEXT)
    assert "planted-text" not in str(refused.value)


def test_one_foreign_record_fails_the_whole_batch(module: ModuleType) -> None:
    records = [record(json.dumps({"id": "1", "text": "good"})), *FOREIGN["aws:s3"]["Records"]]  # type: ignore[misc]
    with pytest.raises(ForeignEvent):
        module.handler({"Records": records}, CONTEXT)


def test_no_text_reaches_the_log_at_any_level(
    module: ModuleType,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    caplog.set_level(logging.DEBUG)
    planted = "planted-marker"
    broken = replace(module.consumer, store=replace(module.consumer.store, table_name="no-such-table"))
    records = [
        record(json.dumps({"id": "1", "text": f"good {planted}"})),
        record(f"poison {planted}", "m-2"),
        record(json.dumps({"id": "3", "text": {planted: 1}}), "m-3"),
    ]
    module.handler({"Records": records}, CONTEXT)
    monkeypatch.setattr(module, "consumer", broken)
    assert module.handler({"Records": records}, CONTEXT)["batchItemFailures"] == [{"itemIdentifier": "m-1"}]
    logged = [str(vars(entry)) for entry in caplog.records]
    assert any("put failed" in line for line in logged)
    assert not [line for line in [*logged, *capfd.readouterr()] if planted in line]


# The stack


def test_the_stack_sets_exactly_the_variables_that_the_function_reads(
    stack: Recorder, variables: dict[str, str]
) -> None:
    given = stack.one("aws:lambda/function:Function").inputs["environment"]["variables"]
    from_lambda_or_image = {"MODEL_DIR", *(name for name in variables if name.startswith("AWS_"))}
    assert set(given) == set(variables) - from_lambda_or_image


@pytest.mark.parametrize(
    ("name", "value"), [("STORE_TEXT", "yes"), ("RESULT_TTL_DAYS", "ten"), ("RESULTS_TABLE", None)]
)
def test_the_error_names_a_missing_or_malformed_variable(
    variables: dict[str, str], name: str, value: str | None
) -> None:
    from function.environment import Environment

    given = {k: v for k, v in {**variables, name: value}.items() if v is not None}
    with pytest.raises(ValueError, match=f"{name}: {value!r} is missing or malformed"):
        Environment.read(given)


def test_a_message_wrapped_by_sns_is_dead_lettered_with_the_fix(module: ModuleType, aws: Aws) -> None:
    body = (EVENTS / "sns_notification.json").read_text()
    assert module.handler({"Records": [record(body)]}, CONTEXT) == {"batchItemFailures": []}
    (letter,) = aws.dead_letters()
    assert letter["Body"] == body
    attributes = {name: value["StringValue"] for name, value in letter["MessageAttributes"].items()}
    assert attributes["ErrorCode"] == "InvalidShape"
    assert "set RawMessageDelivery of the topic's subscription to true" in attributes["ErrorMessage"]
    assert aws.results() == {}
