"""Rules on alarms: each watches something that exists, and notifies somebody."""

import re
from collections.abc import Iterator

from pulumi_policy import PolicyResource

from function.names import METRIC_NAMESPACE
from policy.actions import KNOWN
from policy.metrics import METRICS
from policy.rule import FUNCTION, QUEUE, TABLE, Props, neighbour, resource_rule, stack_rule

ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
DESCRIPTION_CHARS = 1_024  # https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
WATCHED = {"AWS/Lambda": FUNCTION, "AWS/SQS": QUEUE, "AWS/DynamoDB": TABLE, METRIC_NAMESPACE: FUNCTION}


@resource_rule(ALARM)
def alarm_tells_a_topic(alarm: Props) -> Iterator[str]:
    """An alarm notifies a topic, of the stack or an existing one, when it goes off and when it ends."""
    for actions in ("alarmActions", "okActions"):
        if not any(re.match(r"arn:[\w-]+:sns:", arn) for arn in alarm.get(actions) or []):
            yield f"{actions} must hold the ARN of an SNS topic"
    if alarm.get("actionsEnabled") is False:
        yield "actionsEnabled must not be false"


@resource_rule(ALARM)
def alarm_watches_a_metric_that_exists(alarm: Props) -> Iterator[str]:
    """An alarm's metric exists in its service, with these dimensions."""
    namespace, metric = alarm.get("namespace"), alarm.get("metricName")
    dimensions = frozenset(alarm.get("dimensions") or {})
    known = METRICS.get(str(namespace), {}).get(str(metric))
    if known is None:
        yield f"{namespace} {metric}: policy/metrics.py does not know this metric"
    elif dimensions not in known:
        allowed = " or ".join(sorted(", ".join(sorted(d)) for d in known))
        yield f"{namespace} {metric} has the dimensions {allowed}, not {', '.join(sorted(dimensions))}"


@resource_rule(ALARM)
def alarm_names_alias_and_operation_as_cloudwatch_does(alarm: Props) -> Iterator[str]:
    """An alarm on an alias has FUNCTION:ALIAS as Resource; one on an operation names one of DynamoDB's."""
    dimensions = alarm.get("dimensions") or {}
    if "Resource" in dimensions and not re.fullmatch(
        re.escape(f"{dimensions.get('FunctionName')}:") + r"[\w-]+", dimensions["Resource"]
    ):
        yield f"dimensions.Resource: {dimensions['Resource']!r} must be FUNCTION:ALIAS"
    if "Operation" in dimensions and f"dynamodb:{dimensions['Operation']}" not in KNOWN:
        yield f"dimensions.Operation: {dimensions['Operation']!r} must be a DynamoDB operation"


@resource_rule(ALARM)
def alarm_says_what_to_do(alarm: Props) -> Iterator[str]:
    """An alarm's description links to its section of a runbook, within CloudWatch's length limit."""
    description = str(alarm.get("alarmDescription") or "")
    if not re.search(r"\S#[\w-]+$", description) or len(description) > DESCRIPTION_CHARS:
        yield f"alarmDescription must end in RUNBOOK#SECTION and have at most {DESCRIPTION_CHARS} characters"


@stack_rule(ALARM)
def alarm_watches_a_resource_of_the_stack(alarm: PolicyResource) -> Iterator[str]:
    """An alarm watches a function, queue or table of its stack, as its metric requires."""
    type_ = WATCHED.get(alarm.props.get("namespace", ""))
    if type_ and not neighbour(alarm, "dimensions", type_):
        yield f"dimensions must name a {type_.rpartition(':')[2]} of this stack"
