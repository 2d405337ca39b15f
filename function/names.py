"""The names that function and stack must agree on. It imports nothing, because the Pulumi program uses it too."""

HANDLER = "function.handler.handler"

METRIC_NAMESPACE = "SentimentAnalyzer"
METRIC_DIMENSION = "service"  # Powertools' own; its value is the function's name
VERSION_DIMENSION = "executed_version"  # second dimension of a metric that only a canary's alarm watches
ITEMS = "Items"
ITEM_FAILURES = "ItemFailures"
DEAD_LETTERED = "DeadLettered"
INFERENCE_LATENCY = "InferenceLatencyPerItem"  # milliseconds
MODEL_LOAD = "ModelLoad"  # milliseconds
COLD_START = "ColdStart"
METRICS = (ITEMS, ITEM_FAILURES, DEAD_LETTERED, INFERENCE_LATENCY, MODEL_LOAD, COLD_START)
