"""What would cost a stack its data is refused before anything changes."""

from collections.abc import Collection

import pulumi

from components.deployed import Deployed

PAGE = "docs/operations.md#changes-that-move-data"


class WouldLoseData(pulumi.RunError):
    """The change is refused; the message names the key, its value and what to do. The CLI shows it alone."""


def table_name_of(table_name: str, deployed: Deployed) -> str:
    """The name of the results table: the one that the stack has, or else the one that its configuration asks for.

    DynamoDB renames no table, so Pulumi would make an empty one and delete the other. A stack keeps its table's name
    where the configuration names none, and where only the stack was renamed.

    Raises:
        WouldLoseData: `tableName` asks for another table than the stack has.
    """
    stack = pulumi.get_stack()
    wanted = f"{table_name or f'{pulumi.get_project()}-results'}-{stack}"
    has = deployed.output("aws:dynamodb/table:Table", "results", "name")
    renamed = has.startswith(f"{table_name}-") and not has.endswith(f"-{stack}")
    if not has or has == wanted or not table_name or renamed:
        return has or wanted
    raise WouldLoseData(
        f"tableName: {table_name!r} asks for the table {wanted}, and this stack's results are in {has}. "
        f"Pulumi would delete that table with all results. Leave tableName as it was, or move them: {PAGE}"
    )


def check_queue_keys(kms_key_arn: str, former_keys: Collection[str], deployed: Deployed) -> None:
    """Refuse to drop a key that messages still waiting in the queues are encrypted with.

    Raises:
        WouldLoseData: the queues' key is neither `kmsKeyArn` nor among `formerKmsKeyArns`.
    """
    for name in ("queue", "queue-dlq"):
        has = deployed.output("aws:sqs/queue:Queue", name, "kmsMasterKeyId")
        if has and has not in (kms_key_arn, *former_keys):
            raise WouldLoseData(
                f"kmsKeyArn: {kms_key_arn!r} would take {has} from the function while messages that are "
                f"encrypted with it may wait. Add that key to formerKmsKeyArns: {PAGE}"
            )
