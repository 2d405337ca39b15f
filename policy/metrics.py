"""Existing metrics and their dimensions: CloudWatch accepts an alarm on any name, but such an alarm never goes off.

Sources: https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html (and -view for the dimensions),
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html,
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/metrics-dimensions.html, and function/metrics.py.
"""

from function import names

Dimensions = frozenset[str]
OF_FUNCTION, OF_ALIAS = {"FunctionName"}, {"FunctionName", "Resource"}
OF_VERSION_OF_ALIAS = {*OF_ALIAS, "ExecutedVersion"}
OF_TABLE, OF_OPERATION = {"TableName"}, {"TableName", "Operation"}


def _with(dimensions: list[set[str]], metrics: str) -> dict[str, set[Dimensions]]:
    return {metric: {frozenset(d) for d in dimensions} for metric in metrics.split()}


METRICS: dict[str, dict[str, set[Dimensions]]] = {
    "AWS/Lambda": {
        **_with([OF_FUNCTION, OF_ALIAS, OF_VERSION_OF_ALIAS], "Invocations Errors Throttles Duration"),
        **_with([OF_FUNCTION, OF_ALIAS], "ConcurrentExecutions"),
        **_with(
            [OF_ALIAS],
            "ProvisionedConcurrencyInvocations ProvisionedConcurrencySpilloverInvocations "
            "ProvisionedConcurrencyUtilization ProvisionedConcurrentExecutions",
        ),
    },
    "AWS/SQS": _with(
        [{"QueueName"}],
        "ApproximateAgeOfOldestMessage ApproximateNumberOfMessagesDelayed ApproximateNumberOfMessagesNotVisible "
        "ApproximateNumberOfMessagesVisible NumberOfEmptyReceives NumberOfMessagesDeleted NumberOfMessagesReceived "
        "NumberOfMessagesSent SentMessageSize",
    ),
    "AWS/DynamoDB": {
        **_with(
            [OF_TABLE],
            "ConditionalCheckFailedRequests ConsumedReadCapacityUnits ConsumedWriteCapacityUnits ReadThrottleEvents "
            "TimeToLiveDeletedItemCount TransactionConflict WriteThrottleEvents",
        ),
        **_with([OF_OPERATION], "ReturnedItemCount SuccessfulRequestLatency SystemErrors ThrottledRequests"),
    },
    names.METRIC_NAMESPACE: {
        **_with([{names.METRIC_DIMENSION}], " ".join(names.METRICS)),
        **_with([{names.METRIC_DIMENSION}, {names.METRIC_DIMENSION, names.VERSION_DIMENSION}], names.DEAD_LETTERED),
    },
}
