"""The CloudWatch dashboard, with a graph of every signal that has an alarm."""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.signals import PERIOD_SECONDS, Signal

CONSOLES = {  # by partition: https://docs.aws.amazon.com/awsconsolehelpdocs/latest/gsg/manage-console-regions.html
    "aws": "console.aws.amazon.com",
    "aws-us-gov": "console.amazonaws-us-gov.com",
    "aws-cn": "console.amazonaws.cn",
}
WIDTH, HEIGHT, PER_ROW = 8, 6, 3  # in CloudWatch's grid of 24 columns


@dataclass(frozen=True, kw_only=True)
class DashboardArgs:
    """
    Attributes:
        dashboard_name: physical name.
        signals: the metrics to plot, each with its alarm's threshold as a line.
    """

    dashboard_name: str
    signals: Sequence[Signal]


class Dashboard(pulumi.ComponentResource):
    """A CloudWatch dashboard.

    Attributes:
        url: the dashboard in AWS's console.
    """

    url: pulumi.Output[str]

    def __init__(self, name: str, args: DashboardArgs, opts: pulumi.ResourceOptions | None = None):
        super().__init__("sentiment-analyzer:components:Dashboard", name, None, opts)
        invoke = pulumi.InvokeOutputOptions(parent=self)
        region = aws.get_region_output(opts=invoke).region
        console = aws.get_partition_output(opts=invoke).partition.apply(
            lambda name: CONSOLES.get(name, CONSOLES["aws"])
        )
        widgets = [_graph(signal, place, region) for place, signal in enumerate(args.signals)]
        dashboard = aws.cloudwatch.Dashboard(
            name,
            dashboard_name=args.dashboard_name,
            dashboard_body=pulumi.Output.json_dumps({"widgets": widgets}),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.url = pulumi.Output.format(
            "https://{0}.{1}/cloudwatch/home?region={0}#dashboards/dashboard/{2}",
            region,
            console,
            dashboard.dashboard_name,
        )
        self.register_outputs({"url": self.url})


def _graph(signal: Signal, place: int, region: pulumi.Output[str]) -> dict:
    dimensions = [part for pair in signal.source.dimensions.items() for part in pair]
    return {
        "type": "metric",
        "x": place % PER_ROW * WIDTH,
        "y": place // PER_ROW * HEIGHT,
        "width": WIDTH,
        "height": HEIGHT,
        "properties": {
            "title": f"{signal.name}: {signal.metric}",
            "region": region,
            "view": "timeSeries",
            "period": PERIOD_SECONDS,
            "stat": signal.statistic,
            "metrics": [[signal.source.namespace, signal.metric, *dimensions]],
            "annotations": {"horizontal": [{"label": "alarm", "value": signal.threshold}]},
        },
    }
