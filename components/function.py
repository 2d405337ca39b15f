"""The Lambda function that classifies: role, logs, image by digest, alias and event source mapping."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.permission import Permission, assume_role_policy, policy_document
from function.names import HANDLER

ALIAS = "live"


@dataclass(frozen=True, kw_only=True)
class FunctionArgs:
    """
    Attributes:
        image_uri: container image by digest.
        architecture: x86_64 or arm64, as the image was built.
        memory_mb, timeout_seconds, ephemeral_storage_mb: limits of one invocation.
        log_level, log_retention_days: lowest level to log, and days to keep the logs.
        tracing: X-Ray active tracing.
        reserved_concurrency: executions to reserve; 0 reserves none.
        subnet_ids, security_group_ids: where its network interfaces are; if both are empty, it is in no VPC.
        leaves_vpc: keep the permissions with which Lambda deletes the function's existing interfaces.
        permissions_boundary_arn: permissions boundary of its role, or empty.
        kms_key_arn: customer managed key for its logs and its environment, or empty for AWS's.
        environment: the function's own variables.
        permissions: permissions that other components offer it.
        queue_arn: the queue that feeds it.
        batch_size, batch_window_seconds: settings of the event source mapping.
        max_concurrency, minimum_pollers, maximum_pollers: limits of its batches at once, 0 for none. AWS takes either a
            maximum concurrency or pollers.
        consume: False pauses the event source mapping.
        stable_version: the version that stays live while a newer one is tried; 0 takes the newest live at once.
        canary_percent: share of the batches for the newest version beside a stable one; 0 gives it none.
    """

    image_uri: pulumi.Input[str]
    architecture: str
    memory_mb: int
    timeout_seconds: int
    ephemeral_storage_mb: int
    log_level: str
    log_retention_days: int
    tracing: bool
    reserved_concurrency: int
    environment: Mapping[str, pulumi.Input[str]]
    permissions: Sequence[Permission]
    queue_arn: pulumi.Input[str]
    batch_size: int
    batch_window_seconds: int
    max_concurrency: int
    consume: bool
    minimum_pollers: int = 0
    maximum_pollers: int = 0
    subnet_ids: Sequence[str] = ()
    security_group_ids: Sequence[str] = ()
    leaves_vpc: bool = False
    permissions_boundary_arn: str = ""
    kms_key_arn: str = ""
    stable_version: int = 0
    canary_percent: int = 0


class Function(pulumi.ComponentResource):
    """A Lambda function, fed by a queue; each version goes live through one alias.

    Attributes:
        resource: the function.
        alias: `live`, which the queue feeds and callers should invoke.
    """

    resource: aws.lambda_.Function
    alias: aws.lambda_.Alias

    def __init__(self, name: str, args: FunctionArgs, opts: pulumi.ResourceOptions | None = None):
        super().__init__("sentiment-analyzer:components:Function", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        logs = aws.cloudwatch.LogGroup(
            f"{name}-logs", retention_in_days=args.log_retention_days, kms_key_id=args.kms_key_arn or None, opts=child
        )
        role = aws.iam.Role(
            f"{name}-role",
            assume_role_policy=assume_role_policy("lambda.amazonaws.com"),
            permissions_boundary=args.permissions_boundary_arn or None,
            opts=child,
        )
        policy = aws.iam.RolePolicy(
            f"{name}-policy",
            role=role.id,
            policy=policy_document(
                [
                    *args.permissions,
                    _write_logs(logs),
                    *([SEND_TRACES] * args.tracing),
                    *([MANAGE_INTERFACES] if args.subnet_ids or args.leaves_vpc else []),
                    *([_use_key(args.kms_key_arn)] if args.kms_key_arn else []),
                ]
            ),
            opts=child,
        )
        self.resource = aws.lambda_.Function(
            name,
            package_type="Image",
            image_uri=args.image_uri,
            image_config={"commands": [HANDLER]},
            architectures=[args.architecture],
            role=role.arn,
            memory_size=args.memory_mb,
            timeout=args.timeout_seconds,
            ephemeral_storage={"size": args.ephemeral_storage_mb},
            reserved_concurrent_executions=args.reserved_concurrency or -1,  # -1: unreserved
            environment={"variables": args.environment},
            kms_key_arn=args.kms_key_arn or None,
            vpc_config=_network(args.subnet_ids, args.security_group_ids),
            logging_config={
                "log_group": logs.name,
                "log_format": "JSON",
                "application_log_level": args.log_level,
            },
            tracing_config={"mode": "Active" if args.tracing else "PassThrough"},
            publish=True,
            # Without its permissions, a new function would fail on messages that are already waiting.
            opts=pulumi.ResourceOptions(parent=self, depends_on=[policy]),
        )
        self.alias = aws.lambda_.Alias(
            f"{name}-{ALIAS}",
            name=ALIAS,
            function_name=self.resource.name,
            function_version=str(args.stable_version) if args.stable_version else self.resource.version,
            routing_config=_canary(self.resource.version, args.stable_version, args.canary_percent),
            opts=child,
        )
        aws.lambda_.EventSourceMapping(
            f"{name}-events",
            event_source_arn=args.queue_arn,
            function_name=self.alias.arn,  # the alias, or provisioned concurrency would go unused
            batch_size=args.batch_size,
            maximum_batching_window_in_seconds=args.batch_window_seconds,
            function_response_types=["ReportBatchItemFailures"],
            scaling_config={"maximum_concurrency": args.max_concurrency} if args.max_concurrency else None,
            provisioned_poller_config=(
                {"minimum_pollers": args.minimum_pollers, "maximum_pollers": args.maximum_pollers}
                if args.minimum_pollers
                else None
            ),
            enabled=args.consume,
            opts=child,
        )
        self.register_outputs({"name": self.resource.name, "alias_arn": self.alias.arn})


def _canary(newest: pulumi.Output[str], stable: int, percent: int) -> aws.lambda_.AliasRoutingConfigArgs | None:
    if not stable or not percent:
        return None
    # AWS refuses weights that name the alias's own version, which is the newest if the update published none.
    weights = newest.apply(lambda version: {} if version == str(stable) else {version: percent / 100})
    return aws.lambda_.AliasRoutingConfigArgs(additional_version_weights=weights)


def _network(subnet_ids: Sequence[str], security_group_ids: Sequence[str]) -> aws.lambda_.FunctionVpcConfigArgs | None:
    if not subnet_ids:
        return None
    return aws.lambda_.FunctionVpcConfigArgs(subnet_ids=subnet_ids, security_group_ids=security_group_ids)


def _write_logs(group: aws.cloudwatch.LogGroup) -> Permission:
    return Permission(
        sid="WriteLogs",
        actions=["logs:CreateLogStream", "logs:PutLogEvents"],
        resources=[pulumi.Output.concat(group.arn, ":*")],
    )


def _use_key(kms_key_arn: str) -> Permission:
    """Lambda requires this of the role for the environment, DynamoDB of whoever writes to a table with the same key."""
    return Permission(
        sid="UseDataKey", actions=["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey"], resources=[kms_key_arn]
    )


SEND_TRACES = Permission(
    sid="SendTraces",
    actions=["xray:PutTraceSegments", "xray:PutTelemetryRecords"],
    resources=["*"],  # these X-Ray actions have no resources
)

# Lambda creates the interfaces with the function's role, and needs these permissions on "*". The condition denies them
# to the function's own code: https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html
MANAGE_INTERFACES = Permission(
    sid="ManageInterfaces",
    actions=[
        "ec2:CreateNetworkInterface",
        "ec2:DescribeNetworkInterfaces",
        "ec2:DescribeSubnets",
        "ec2:DeleteNetworkInterface",
        "ec2:AssignPrivateIpAddresses",
        "ec2:UnassignPrivateIpAddresses",
    ],
    resources=["*"],
    condition={"Null": {"lambda:SourceFunctionArn": "true"}},
)
