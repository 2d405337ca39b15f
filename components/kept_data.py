"""What would cost a stack its data is refused before anything changes."""

import pulumi

from components.deployed import Deployed
from settings import Settings, SettingsError

PAGE = "docs/operations.md#changes-that-move-data"


def table_name_of(settings: Settings, deployed: Deployed) -> str:
    """The name of the results table: the one that the stack has, or else the one that its configuration asks for.

    DynamoDB renames no table, so Pulumi would make an empty one and delete the other. A stack keeps its table's name
    where the configuration names none, and where only the stack was renamed.

    Raises:
        SettingsError: `tableName` asks for another table than the stack has.
    """
    stack = pulumi.get_stack()
    wanted = f"{settings.table_name or f'{pulumi.get_project()}-results'}-{stack}"
    has = deployed.output("aws:dynamodb/table:Table", "results", "name")
    renamed = has.startswith(f"{settings.table_name}-") and not has.endswith(f"-{stack}")
    if not has or has == wanted or not settings.table_name or renamed:
        return has or wanted
    raise SettingsError(
        [
            f"  tableName: {settings.table_name!r} asks for the table {wanted}, and this stack's results are in {has}. "
            f"Pulumi would delete that table with all results. Leave tableName as it was, or move them: {PAGE}"
        ]
    )


def check_queue_keys(settings: Settings, deployed: Deployed) -> None:
    """Refuse to drop a key that messages still waiting in the queues are encrypted with.

    Raises:
        SettingsError: the queues' key is neither `kmsKeyArn` nor among `formerKmsKeyArns`.
    """
    for name in ("queue", "queue-dlq"):
        has = deployed.output("aws:sqs/queue:Queue", name, "kmsMasterKeyId")
        if has and has not in (settings.kms_key_arn, *settings.former_keys):
            raise SettingsError(
                [
                    f"  kmsKeyArn: {settings.kms_key_arn!r} would take {has} from the function while messages that are "
                    f"encrypted with it may wait. Add that key to formerKmsKeyArns: {PAGE}"
                ]
            )
