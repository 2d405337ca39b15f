"""The table that stores the results."""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.permission import Permission, policy_document
from sentiment_contract.results import TABLE_EXPIRY, TABLE_KEY


@dataclass(frozen=True, kw_only=True)
class TableArgs:
    """
    Attributes:
        table_name: physical name.
        point_in_time_recovery: continuous backups.
        deletion_protection: whether DynamoDB and, before it deletes anything else, Pulumi refuse to delete the table.
        expires: whether DynamoDB deletes items past their expiry attribute.
        kms_key_arn: customer managed key, or empty for DynamoDB's AWS managed key.
        former_key_arns: keys that items or stream records may still be encrypted with.
        stream: whether DynamoDB keeps each new image of an item for 24 hours, for programs that read them as they come.
    """

    table_name: str
    point_in_time_recovery: bool
    deletion_protection: bool
    expires: bool
    kms_key_arn: str = ""
    former_key_arns: Sequence[str] = ()
    stream: bool = False


class Table(pulumi.ComponentResource):
    """An encrypted on-demand table with one item per text id.

    Attributes:
        resource: the table.
        reader_policy: managed policy for those who may read results by id, and the stream, and do nothing else.
        write: permission to put results, the function's only use of the table.
    """

    resource: aws.dynamodb.Table
    reader_policy: aws.iam.Policy

    def __init__(self, name: str, args: TableArgs, opts: pulumi.ResourceOptions | None = None):
        super().__init__("sentiment-analyzer:components:Table", name, None, opts)
        self.resource = aws.dynamodb.Table(
            name,
            name=args.table_name,
            billing_mode="PAY_PER_REQUEST",
            hash_key=TABLE_KEY,
            attributes=[{"name": TABLE_KEY, "type": "S"}],
            server_side_encryption={"enabled": True, "kms_key_arn": args.kms_key_arn or None},
            point_in_time_recovery={"enabled": args.point_in_time_recovery},
            deletion_protection_enabled=args.deletion_protection,
            # Without this block, a table that had TTL would keep it.
            ttl={"attribute_name": TABLE_EXPIRY, "enabled": args.expires},
            stream_enabled=args.stream or None,
            stream_view_type="NEW_IMAGE" if args.stream else None,
            opts=pulumi.ResourceOptions(parent=self, protect=args.deletion_protection),
        )
        self.write = [Permission(sid="StoreResult", actions=["dynamodb:PutItem"], resources=[self.resource.arn])]
        keys = [key for key in (args.kms_key_arn, *args.former_key_arns) if key]
        self.reader_policy = aws.iam.Policy(
            f"{name}-reader",
            # IAM changes no description: with another one the policy would be replaced, and nobody would have it.
            description="Read results of the sentiment table, and nothing else",
            policy=policy_document(
                [
                    Permission(
                        sid="ReadResults",
                        actions=["dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:Query"],
                        resources=[self.resource.arn],
                    ),
                    *(_read_stream(self.resource.stream_arn) if args.stream else []),
                    *([Permission(sid="UseTableKey", actions=["kms:Decrypt"], resources=keys)] if keys else []),
                ]
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({"name": self.resource.name, "arn": self.resource.arn})


def _read_stream(stream_arn: pulumi.Output[str]) -> list[Permission]:
    """The permissions that Lambda, EventBridge Pipes and programs need to read a stream."""
    return [
        Permission(
            sid="ReadStream",
            actions=["dynamodb:DescribeStream", "dynamodb:GetShardIterator", "dynamodb:GetRecords"],
            resources=[stream_arn],
        ),
        # Lambda refuses a role without it, and the action has no resource.
        Permission(sid="ListStreams", actions=["dynamodb:ListStreams"], resources=["*"]),
    ]
