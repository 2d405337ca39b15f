"""The baseline's handler (tools/bench/engines.py), as far as its design describes it."""

import os
import time
from typing import Any

from transformers import pipeline

started = time.perf_counter()
classifier = pipeline("text-classification", model=os.environ.get("MODEL_DIR", "/var/task/model"), device="cpu")
model_loading_ms = (time.perf_counter() - started) * 1000


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Answer `{"items": [{"id", "text"}, ...]}`."""
    results = []
    for item in event["items"]:
        began = time.perf_counter()
        (answer,) = classifier(item["text"], truncation=True, max_length=512)
        latency_ms = (time.perf_counter() - began) * 1000
        results.append({**item, "sentiment": answer["label"], "score": answer["score"], "latency_ms": latency_ms})
    return {"statusCode": 200, "results": results, "metrics": {"model_loading_ms": model_loading_ms}}
