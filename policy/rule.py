"""Turns a generator of complaints into a rule with the generator's name and docstring.

A preview of a new stack does not know ARNs, URLs and values derived from them. A rule that reads such a value raises
UnknownValueError, which the engine reports as advice; the update knows the values and enforces the rule.
"""

import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from pulumi_policy import (
    PolicyResource,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    StackValidationArgs,
    StackValidationPolicy,
)
from pulumi_policy.proxy import UnknownValueError

ALIAS = "aws:lambda/alias:Alias"
FUNCTION = "aws:lambda/function:Function"
LOG_GROUP = "aws:cloudwatch/logGroup:LogGroup"
QUEUE = "aws:sqs/queue:Queue"
TABLE = "aws:dynamodb/table:Table"
TOPIC = "aws:sns/topic:Topic"

Props = Mapping[str, Any]


def resource_rule(*types: str) -> Callable[[Callable[[Props], Iterable[str]]], ResourceValidationPolicy]:
    """Checks one resource at a time, before it is created or changed; without types, all resources."""

    def policy_of(check: Callable[[Props], Iterable[str]]) -> ResourceValidationPolicy:
        def validate(args: ResourceValidationArgs, report: ReportViolation) -> None:
            if not types or args.resource_type in types:
                for complaint in check(args.props):
                    report(complaint, None)

        return ResourceValidationPolicy(_name(check), inspect.cleandoc(check.__doc__ or ""), validate)

    return policy_of


def stack_rule(*types: str) -> Callable[[Callable[[PolicyResource], Iterable[str]]], StackValidationPolicy]:
    """Checks a resource together with the resources it refers to, once all are known."""

    def policy_of(check: Callable[[PolicyResource], Iterable[str]]) -> StackValidationPolicy:
        def validate(args: StackValidationArgs, report: ReportViolation) -> None:
            unknown = None
            for resource in args.resources:
                if resource.resource_type in types:
                    try:
                        for complaint in check(resource):
                            report(f"{resource.name}: {complaint}", resource.urn)
                    except UnknownValueError as error:
                        unknown = error  # the others can still be checked
            if unknown:
                raise unknown

        return StackValidationPolicy(_name(check), inspect.cleandoc(check.__doc__ or ""), validate)

    return policy_of


def neighbour(resource: PolicyResource, prop: str, type_: str) -> PolicyResource | None:
    """The resource of a type from which a property derives; known even while the property's value is not."""
    return next((r for r in resource.property_dependencies.get(prop, []) if r.resource_type == type_), None)


def as_list(value: Any) -> list[Any]:
    """The value as a list, because JSON policies and Pulumi both allow a single value instead of a list."""
    return [value] if isinstance(value, str | Mapping) else list(value or [])


def _name(check: Callable[..., Any]) -> str:
    return check.__name__.replace("_", "-")
