"""Execution environments kept warm on an alias: a fixed number, or scaled by utilisation."""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.deployed import Deployed

CONFIG = "aws:lambda/provisionedConcurrencyConfig:ProvisionedConcurrencyConfig"
TARGET_UTILIZATION = 0.7  # the utilisation that scaling aims at; AWS's own example


@dataclass(frozen=True, kw_only=True)
class ProvisionedConcurrencyArgs:
    """
    Attributes:
        function_name, alias_name: the alias to keep warm.
        minimum: environments that are always warm.
        maximum: upper limit of scaling; 0 keeps the number at `minimum`.
        shifting: whether the alias has weights; AWS then refuses to change the number.
    """

    function_name: pulumi.Input[str]
    alias_name: pulumi.Input[str]
    minimum: int
    maximum: int
    shifting: bool = False


def may_start(deployed: Deployed, name: str, shifting: bool) -> bool:
    """Whether the alias may have it: AWS refuses to begin while the alias has weights, and so the update that ends the
    canary does."""
    return not shifting or bool(deployed.output(CONFIG, name, "qualifier"))


class ProvisionedConcurrency(pulumi.ComponentResource):
    """Provisioned concurrency of one alias.

    Attributes:
        resource: the alias's provisioned concurrency configuration.
    """

    resource: aws.lambda_.ProvisionedConcurrencyConfig

    def __init__(self, name: str, args: ProvisionedConcurrencyArgs, opts: pulumi.ResourceOptions | None = None):
        super().__init__("sentiment-analyzer:components:ProvisionedConcurrency", name, None, opts)
        scaled = args.maximum > args.minimum
        self.resource = aws.lambda_.ProvisionedConcurrencyConfig(
            name,
            function_name=args.function_name,
            qualifier=args.alias_name,
            provisioned_concurrent_executions=args.minimum,
            opts=pulumi.ResourceOptions(
                parent=self,
                # Once scaling moves the number, an update must not move it back.
                ignore_changes=["provisionedConcurrentExecutions"] if scaled or args.shifting else None,
            ),
        )
        if scaled:
            target = aws.appautoscaling.Target(
                f"{name}-target",
                service_namespace="lambda",
                scalable_dimension="lambda:function:ProvisionedConcurrency",
                resource_id=pulumi.Output.concat("function:", args.function_name, ":", args.alias_name),
                min_capacity=args.minimum,
                max_capacity=args.maximum,
                opts=pulumi.ResourceOptions(parent=self, depends_on=[self.resource]),
            )
            aws.appautoscaling.Policy(
                f"{name}-scaling",
                policy_type="TargetTrackingScaling",
                service_namespace=target.service_namespace,
                scalable_dimension=target.scalable_dimension,
                resource_id=target.resource_id,
                target_tracking_scaling_policy_configuration={
                    "target_value": TARGET_UTILIZATION,
                    "predefined_metric_specification": {
                        "predefined_metric_type": "LambdaProvisionedConcurrencyUtilization"
                    },
                },
                opts=pulumi.ResourceOptions(parent=self),
            )
        self.register_outputs({"id": self.resource.id})
