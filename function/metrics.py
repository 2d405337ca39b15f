"""CloudWatch metrics through the embedded metric format: a log line that CloudWatch reads, no call to make."""

from aws_lambda_powertools.metrics import Metrics, MetricUnit

from function import names

UNITS = {names.INFERENCE_LATENCY: MetricUnit.Milliseconds, names.MODEL_LOAD: MetricUnit.Milliseconds}


def emit(function_name: str, values: dict[str, float]) -> None:
    """Write one embedded-metric line with these values, by the names of function/names.py."""
    metrics = Metrics(namespace=names.METRIC_NAMESPACE, service=function_name)
    for name, value in values.items():
        metrics.add_metric(name=name, unit=UNITS.get(name, MetricUnit.Count), value=value)
    metrics.flush_metrics()
