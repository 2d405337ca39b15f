"""The alarms that notify the operator: one CloudWatch alarm per signal."""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.signals import PERIOD_SECONDS, Signal


@dataclass(frozen=True, kw_only=True)
class AlarmsArgs:
    """
    Attributes:
        topic_arn: SNS topic, notified when an alarm goes off and when it ends.
        runbook_url: the runbook, with a section named after each signal.
        signals: the metrics to watch.
    """

    topic_arn: pulumi.Input[str]
    runbook_url: str
    signals: Sequence[Signal]


class Alarms(pulumi.ComponentResource):
    """Alarms that treat missing data as healthy, because an idle stack reports none."""

    def __init__(self, name: str, args: AlarmsArgs, opts: pulumi.ResourceOptions | None = None):
        super().__init__("sentiment-analyzer:components:Alarms", name, None, opts)
        for signal in args.signals:
            aws.cloudwatch.MetricAlarm(
                f"{name}-{signal.name}",
                alarm_description=f"{signal.means} What to do: {args.runbook_url}#{signal.name}",
                namespace=signal.source.namespace,
                metric_name=signal.metric,
                dimensions=signal.source.dimensions,
                statistic=signal.statistic,
                period=PERIOD_SECONDS,
                evaluation_periods=signal.periods,
                threshold=signal.threshold,
                comparison_operator="GreaterThanOrEqualToThreshold",
                treat_missing_data="notBreaching",
                alarm_actions=[args.topic_arn],
                ok_actions=[args.topic_arn],
                opts=pulumi.ResourceOptions(parent=self),
            )
        self.register_outputs({})
