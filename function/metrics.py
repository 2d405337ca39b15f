"""CloudWatch metrics through the embedded metric format: log lines that CloudWatch reads, without an API call."""

import os
from datetime import UTC, datetime

from aws_lambda_powertools.metrics import Metrics, MetricUnit

from function import names

UNITS = {names.INFERENCE_LATENCY: MetricUnit.Milliseconds, names.MODEL_LOAD: MetricUnit.Milliseconds}


def emit(function_name: str, values: dict[str, float], version: str | None = None) -> None:
    """Write one embedded-metric line with these values, keyed by the names in function/names.py.

    With a `version` of the function, they count only for that version, not for the whole function.

    Lambda treats a line without a level and a timestamp as INFO, and drops it if logLevel is higher. So the line
    carries the lowest level that passes. Source: Lambda developer guide, "Log-level filtering".
    """
    metrics = Metrics(namespace=names.METRIC_NAMESPACE, service=function_name)
    if version:
        metrics.add_dimension(name=names.VERSION_DIMENSION, value=version)
    for name, value in values.items():
        metrics.add_metric(name=name, unit=UNITS.get(name, MetricUnit.Count), value=value)
    metrics.add_metadata("level", os.environ.get("AWS_LAMBDA_LOG_LEVEL", "INFO"))
    metrics.add_metadata("timestamp", datetime.now(UTC).isoformat(timespec="milliseconds"))
    metrics.flush_metrics()
