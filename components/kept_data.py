"""What would cost a stack its data is refused before anything changes."""

from collections.abc import Collection

import pulumi

from components.deployed import Deployed

REPOSITORY = "aws:ecr/repository:Repository"
PAGE = "docs/operations.md#changes-that-move-data"


class WouldLoseData(pulumi.RunError):
    """The change is refused; the message names the key, its value and what to do. The CLI shows it alone."""


def wanted_table_name(table_name: str, project: str, stack: str) -> str:
    return f"{table_name or f'{project}-results'}-{stack}"


def table_name_of(table_name: str, deployed: Deployed) -> str:
    """The name of the results table: the one that the stack has, or else the one that its configuration asks for.

    DynamoDB renames no table, so Pulumi would make an empty one and delete the other. A stack keeps its table's name
    where the configuration names none, and where only the stack was renamed.

    Raises:
        WouldLoseData: `tableName` asks for another table than the stack has.
    """
    stack = pulumi.get_stack()
    wanted = wanted_table_name(table_name, pulumi.get_project(), stack)
    has = deployed.output("aws:dynamodb/table:Table", "results", "name")
    renamed = has.startswith(f"{table_name}-") and not has.endswith(f"-{stack}")
    if not has or has == wanted or not table_name or renamed:
        return has or wanted
    raise WouldLoseData(
        f"tableName: {table_name!r} asks for the table {wanted}, and this stack's results are in {has}. "
        f"Pulumi would delete that table with all results. Leave tableName as it was, or move them: {PAGE}"
    )


def check_keys(kms_key_arn: str, data_kms_key_arn: str, former_keys: Collection[str], deployed: Deployed) -> None:
    """Refuse to drop a key that messages still waiting, or items of the table, are encrypted with.

    Raises:
        WouldLoseData: a key in use is neither what the configuration asks for nor among `formerKmsKeyArns`.
    """
    for key, wanted, type_, name, output, what in (
        ("kmsKeyArn", kms_key_arn, "aws:sqs/queue:Queue", "queue", "kmsMasterKeyId", "messages"),
        ("kmsKeyArn", kms_key_arn, "aws:sqs/queue:Queue", "queue-dlq", "kmsMasterKeyId", "messages"),
        # The table's own output names a key of AWS where it was given none; the logs have the same key, or none.
        ("dataKmsKeyArn", data_kms_key_arn, "aws:cloudwatch/logGroup:LogGroup", "function-logs", "kmsKeyId", "results"),
    ):
        has = deployed.output(type_, name, output)
        if has and has not in (wanted, *former_keys):
            raise WouldLoseData(
                f"{key}: {wanted!r} would take {has} from the function while {what} that are "
                f"encrypted with it may wait. Add that key to formerKmsKeyArns: {PAGE}"
            )


def repository_key(deployed: Deployed) -> str | None:
    """The key of the stack's repository; empty if ECR encrypts it with its own, None if there is no repository."""
    encryption = deployed.output(REPOSITORY, "image", "encryptionConfigurations")
    return (encryption[0].get("kmsKey") or "") if encryption else None


def check_repository(data_kms_key_arn: str, disposable: bool, deployed: Deployed) -> None:
    """Refuse to replace a protected repository by one that is encrypted otherwise; ECR changes no encryption.

    Raises:
        WouldLoseData: the repository has another key than `dataKmsKeyArn`, or one where that is empty.
    """
    has = repository_key(deployed)
    if has not in (None, data_kms_key_arn) and not disposable:
        raise WouldLoseData(
            f"dataKmsKeyArn: {data_kms_key_arn!r} asks for a new repository, and this stack's images are in one with "
            f"{has or 'the encryption of ECR'}. Pulumi would delete it with all images. Leave dataKmsKeyArn as it "
            f"was, or move: {PAGE}"
        )
