"""Rules on encryption at rest."""

from collections.abc import Iterator

from policy.rule import QUEUE, TABLE, TOPIC, Props, resource_rule


@resource_rule(QUEUE)
def queue_is_encrypted(queue: Props) -> Iterator[str]:
    """A queue encrypts its messages, with SQS's own key or a named one."""
    if not queue.get("sqsManagedSseEnabled") and not queue.get("kmsMasterKeyId"):
        yield "sqsManagedSseEnabled must be true, or kmsMasterKeyId name a key"


@resource_rule(TABLE)
def table_is_encrypted(table: Props) -> Iterator[str]:
    """A table is encrypted with a KMS key, because CloudTrail records its use; DynamoDB's own key leaves no trace."""
    if not (table.get("serverSideEncryption") or {}).get("enabled"):
        yield "serverSideEncryption.enabled must be true"


@resource_rule(TOPIC)
def topic_is_encrypted(topic: Props) -> Iterator[str]:
    """A topic is encrypted with a key that CloudWatch may use; nobody can allow it to use alias/aws/sns."""
    if not topic.get("kmsMasterKeyId") or str(topic["kmsMasterKeyId"]).endswith("alias/aws/sns"):
        yield f"kmsMasterKeyId: {topic.get('kmsMasterKeyId')!r} must be a customer managed key"


@resource_rule("aws:ecr/repository:Repository")
def repository_is_encrypted(repository: Props) -> Iterator[str]:
    """A repository states how it encrypts its images."""
    if not repository.get("encryptionConfigurations"):
        yield "encryptionConfigurations must hold one"


@resource_rule("aws:kms/key:Key")
def key_rotates(key: Props) -> Iterator[str]:
    """A key rotates its material every year."""
    if not key.get("enableKeyRotation"):
        yield "enableKeyRotation must be true"
