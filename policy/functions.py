"""Rules on functions: their image, their concurrency and their logs."""

import re
from collections.abc import Iterator

from pulumi_policy import PolicyResource

from policy.rule import FUNCTION, LOG_GROUP, Props, neighbour, resource_rule, stack_rule

PROVISIONED = "aws:lambda/provisionedConcurrencyConfig:ProvisionedConcurrencyConfig"
SCALED = "aws:appautoscaling/target:Target"


@resource_rule(FUNCTION)
def image_is_named_by_digest(function: Props) -> Iterator[str]:
    """A function runs an image by digest, because a tag can move to another image."""
    uri = function.get("imageUri")
    if uri and not re.search(r"@sha256:[0-9a-f]{64}$", uri):
        yield f"imageUri: {uri!r} must end in @sha256:DIGEST"


@resource_rule(LOG_GROUP)
def logs_expire(group: Props) -> Iterator[str]:
    """A log group limits how long it keeps its logs; without a limit it keeps them forever."""
    if not group.get("retentionInDays"):
        yield f"retentionInDays: {group.get('retentionInDays')!r} must be a number of days"


@stack_rule(FUNCTION)
def function_logs_to_a_group_of_the_stack(function: PolicyResource) -> Iterator[str]:
    """A function logs to a group of its stack; a group that Lambda creates would keep the logs forever."""
    if not neighbour(function, "loggingConfig", LOG_GROUP):
        yield "loggingConfig.logGroup must be a log group of this stack"


@resource_rule(PROVISIONED)
def nothing_is_provisioned_for_latest(provisioned: Props) -> Iterator[str]:
    """Provisioned concurrency belongs to an alias or a version; Lambda refuses it for $LATEST."""
    qualifier = provisioned.get("qualifier")
    if not qualifier or qualifier == "$LATEST":
        yield f"qualifier: {qualifier!r} must be an alias or a version"


@stack_rule(PROVISIONED, SCALED)
def provisioned_stays_within_reserved_concurrency(provisioned: PolicyResource) -> Iterator[str]:
    """Provisioned concurrency, fixed or scaled, does not exceed the function's reserved concurrency."""
    reference, amount = (
        ("functionName", "provisionedConcurrentExecutions")
        if provisioned.resource_type == PROVISIONED
        else ("resourceId", "maxCapacity")
    )
    function = neighbour(provisioned, reference, FUNCTION)
    reserved = reserved_of(function)
    warm = provisioned.props.get(amount) or 0
    if reserved is not None and warm > reserved:
        yield f"{amount}: {warm:.0f} must be at most the {reserved:.0f} that the function has reserved"


def reserved_of(function: PolicyResource | None) -> float | None:
    """A function's reserved concurrency, where 0 means that it cannot run; None if it reserves nothing (-1)."""
    reserved = function.props.get("reservedConcurrentExecutions") if function else None
    return None if reserved is None or reserved < 0 else reserved
