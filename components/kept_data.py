"""Refuses changes that would delete a stack's data, before anything changes."""

from collections.abc import Collection

import pulumi

from components.deployed import Deployed

REPOSITORY = "aws:ecr/repository:Repository"
AWS_ALIAS = "alias/aws/"
PAGE = "docs/operations.md#changes-that-move-data"


class WouldLoseData(pulumi.RunError):
    """A refused change. The message names the key, its value and the remedy; the CLI shows it without a traceback."""


def wanted_table_name(table_name: str, project: str, stack: str) -> str:
    return f"{table_name or f'{project}-results'}-{stack}"


def table_name_of(table_name: str, deployed: Deployed) -> str:
    """The name of the results table: the stack's existing one, or else the one in its configuration.

    DynamoDB cannot rename a table, so Pulumi would create an empty one and delete the other. A stack keeps its table's
    name if the configuration sets none, and if only the stack was renamed.

    Raises:
        WouldLoseData: `tableName` differs from the stack's table.
    """
    stack = pulumi.get_stack()
    wanted = wanted_table_name(table_name, pulumi.get_project(), stack)
    has = deployed.output("aws:dynamodb/table:Table", "results", "name")
    renamed = has.startswith(f"{table_name}-") and not has.endswith(f"-{stack}")
    if not has or has == wanted or not table_name or renamed:
        return has or wanted
    raise WouldLoseData(
        f"tableName: {table_name!r} means the table {wanted}, but this stack's results are in {has}. "
        f"Pulumi would delete that table with all results. Restore tableName, or move the results: {PAGE}"
    )


def check_keys(kms_key_arn: str, data_kms_key_arn: str, former_keys: Collection[str], deployed: Deployed) -> None:
    """Refuse to drop a key that encrypts waiting messages or items in the table.

    Raises:
        WouldLoseData: a key in use is neither the configured one nor among `formerKmsKeyArns`.
    """
    for key, wanted, type_, name, output, what in (
        ("kmsKeyArn", kms_key_arn, "aws:sqs/queue:Queue", "queue", "kmsMasterKeyId", "messages"),
        ("kmsKeyArn", kms_key_arn, "aws:sqs/queue:Queue", "queue-dlq", "kmsMasterKeyId", "messages"),
        # Without a key, the table's own output names AWS's; the logs have the same customer managed key, or none.
        ("dataKmsKeyArn", data_kms_key_arn, "aws:cloudwatch/logGroup:LogGroup", "function-logs", "kmsKeyId", "results"),
    ):
        has = deployed.output(type_, name, output)
        if has and not _is_among(has, list(filter(None, (wanted, *former_keys)))):
            raise WouldLoseData(
                f"{key}: {wanted!r} means that the function can no longer use {has}, but {what} may still be "
                f"encrypted with it. Add that key to formerKmsKeyArns: {PAGE}"
            )


def _is_among(key: str, arns: Collection[str]) -> bool:
    """Whether these ARNs include the key. An imported queue may name its key by id or alias; an alias hides the id."""
    if key.startswith(AWS_ALIAS):
        return True  # a key of AWS's, which every principal of the account may use through SQS
    return bool(arns) if key.startswith("alias/") else any(key in (arn, arn.rpartition("/")[2]) for arn in arns)


def repository_key(deployed: Deployed) -> str | None:
    """The key of the stack's repository; empty if ECR encrypts it with its own, None if there is no repository."""
    encryption = deployed.output(REPOSITORY, "image", "encryptionConfigurations")
    return (encryption[0].get("kmsKey") or "") if encryption else None


def check_repository(data_kms_key_arn: str, disposable: bool, deployed: Deployed) -> None:
    """Refuse to replace a protected repository to change its encryption, which ECR cannot do in place.

    Raises:
        WouldLoseData: the repository's key is not `dataKmsKeyArn`.
    """
    has = repository_key(deployed)
    if has not in (None, data_kms_key_arn) and not disposable:
        raise WouldLoseData(
            f"dataKmsKeyArn: {data_kms_key_arn!r} needs a new repository: this stack's repository is encrypted with "
            f"{has or 'the key of ECR'}. Pulumi would delete it with all images. Restore dataKmsKeyArn, or move: {PAGE}"
        )
