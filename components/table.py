"""The table that results are stored in."""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.permission import Permission
from sentiment_contract.results import TABLE_EXPIRY, TABLE_KEY


@dataclass(frozen=True, kw_only=True)
class TableArgs:
    """
    Attributes:
        table_name: physical name.
        point_in_time_recovery: continuous backups.
        deletion_protection: refuse to be deleted, by DynamoDB and, before anything else is, by Pulumi.
        expires: whether DynamoDB deletes items past their expiry attribute.
        kms_key_arn: customer managed key, or empty for the one that AWS manages for DynamoDB.
    """

    table_name: str
    point_in_time_recovery: bool
    deletion_protection: bool
    expires: bool
    kms_key_arn: str = ""


class Table(pulumi.ComponentResource):
    """An encrypted on-demand table with one item per text id.

    Attributes:
        resource: the table.
        write: permission to put results, which is all that the function does with the table.
    """

    resource: aws.dynamodb.Table

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
            # Without the block, a table that had TTL would keep it.
            ttl={"attribute_name": TABLE_EXPIRY, "enabled": args.expires},
            opts=pulumi.ResourceOptions(parent=self, protect=args.deletion_protection),
        )
        self.write = [Permission(sid="StoreResult", actions=["dynamodb:PutItem"], resources=[self.resource.arn])]
        self.register_outputs({"name": self.resource.name, "arn": self.resource.arn})
