"""What wakes the operator: one CloudWatch alarm for each signal."""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.signals import PERIOD_SECONDS, Signal


@dataclass(frozen=True, kw_only=True)
class AlarmsArgs:
    """
    Attributes:
        topic_arn: who is told, of an alarm and of its end.
        runbook_url: what to do about each, in a section of the signal's name.
        signals: what is watched.
    """

    topic_arn: pulumi.Input[str]
    runbook_url: str
    signals: Sequence[Signal]


class Alarms(pulumi.ComponentResource):
    """Alarms that are quiet while there is no data, as there is none while nothing happens."""

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
