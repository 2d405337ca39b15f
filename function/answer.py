"""Direct invocations, which return sentiments and store nothing, and the check of a version against its build."""

import time
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from function.classifier import Classifier
from function.known_texts import answers
from sentiment_contract.messages import MISSING, parse_items


def answer(event: object, classifier: Classifier, model_load_ms: float, cold_start: bool) -> dict[str, Any]:
    """Classify `{"items": [{"id", "text"}, ...]}`, or answer `{"check": true}`.

    Returns:
        `{"statusCode": 200, "results": [...], "metrics": {...}}`, with `errors` if some items are invalid;
        `{"statusCode": 400, "error": ..., "errors": [...]}` if none is valid. All latencies are in milliseconds;
        an item's is its share of the batch, because all items are classified together.
        For a check, see `check`.
    """
    if isinstance(event, Mapping) and event.get("check") is True:
        return check(classifier)
    began = time.perf_counter()
    given = event.get("items", MISSING) if isinstance(event, Mapping) else event
    items, faults = parse_items(given, datetime.now(UTC))
    errors = [asdict(fault) for fault in faults]
    if not items:
        return {"statusCode": 400, "error": "nothing valid to classify", "errors": errors}

    before = time.perf_counter()
    sentiments = classifier.classify([item.text for item in items])
    inference_ms = (time.perf_counter() - before) * 1000
    per_item_ms = inference_ms / len(items)
    response: dict[str, Any] = {
        "statusCode": 200,
        "results": [
            {
                "id": item.id,
                "text": item.text,
                "sentiment": sentiment.label,
                "score": sentiment.score,
                "truncated": sentiment.truncated,
                "latency_ms": round(per_item_ms, 3),
            }
            for item, sentiment in zip(items, sentiments, strict=True)
        ],
        "metrics": {
            "total_items": len(items) + len(faults),
            "processed_items": len(items),
            "total_inference_latency_ms": round(inference_ms, 3),
            "average_inference_latency_ms": round(per_item_ms, 3),
            "duration_ms": round((time.perf_counter() - began) * 1000, 3),
            "model_load_ms": round(model_load_ms, 3),
            "cold_start": cold_start,
        },
    }
    if errors:
        response["errors"] = errors
    return response


def check(classifier: Classifier) -> dict[str, Any]:
    """The model's answers to its manifest's texts, now and when it was built.

    Returns:
        `{"statusCode": 200, "model": {...}, "results": [{"text", "sentiment", "score", "built": {"sentiment",
        "score"}}, ...]}`; no results if the build recorded no answers.
    """
    manifest = classifier.manifest
    built = manifest.answers
    now = answers(classifier, [answer.text for answer in built]) if built else ()
    return {
        "statusCode": 200,
        "model": {
            "model_id": manifest.model_id,
            "model_revision": manifest.model_revision,
            "backend": manifest.backend,
            "labels": list(manifest.labels),
        },
        "results": [
            {**asdict(answer), "built": {"sentiment": then.sentiment, "score": then.score}}
            for answer, then in zip(now, built, strict=True)
        ],
    }
