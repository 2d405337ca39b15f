"""Functions: what they run, how much of it, and where they log."""

import re
from collections.abc import Iterator

from pulumi_policy import PolicyResource

from policy.rule import FUNCTION, LOG_GROUP, Props, neighbour, resource_rule, stack_rule

PROVISIONED = "aws:lambda/provisionedConcurrencyConfig:ProvisionedConcurrencyConfig"
SCALED = "aws:appautoscaling/target:Target"


@resource_rule(FUNCTION)
def image_is_named_by_digest(function: Props) -> Iterator[str]:
    """A function runs an image by digest; what a tag names can change."""
    uri = function.get("imageUri")
    if uri and not re.search(r"@sha256:[0-9a-f]{64}$", uri):
        yield f"imageUri: {uri!r} must end in @sha256:DIGEST"


@resource_rule(LOG_GROUP)
def logs_expire(group: Props) -> Iterator[str]:
    """A log group says how long it keeps its logs; without, for ever."""
    if not group.get("retentionInDays"):
        yield f"retentionInDays: {group.get('retentionInDays')!r} must be a number of days"


@stack_rule(FUNCTION)
def function_logs_to_a_group_of_the_stack(function: PolicyResource) -> Iterator[str]:
    """A function logs to a group of its stack; one that Lambda makes for it would keep its logs for ever."""
    if not neighbour(function, "loggingConfig", LOG_GROUP):
        yield "loggingConfig.logGroup must be a log group of this stack"


@resource_rule(PROVISIONED)
def nothing_is_provisioned_for_latest(provisioned: Props) -> Iterator[str]:
    """Provisioned concurrency is of an alias or a version; Lambda refuses it for $LATEST."""
    qualifier = provisioned.get("qualifier")
    if not qualifier or qualifier == "$LATEST":
        yield f"qualifier: {qualifier!r} must be an alias or a version"


@stack_rule(PROVISIONED, SCALED)
def provisioned_stays_within_reserved_concurrency(provisioned: PolicyResource) -> Iterator[str]:
    """No more is kept warm, by a fixed number or by scaling, than its function has reserved."""
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
    """The concurrency that a function has reserved, where 0 is none at all; None where it reserves nothing (-1)."""
    reserved = function.props.get("reservedConcurrentExecutions") if function else None
    return None if reserved is None or reserved < 0 else reserved
