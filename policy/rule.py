"""How a rule is written: a generator of complaints, named and described by itself.

A preview of a new stack does not know ARNs, URLs and what is made of them. A rule that reads such a value raises
UnknownValueError, which the engine reports as advice; the update, which knows them, enforces it.
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
    """Of a resource by itself, judged before it is created or changed. Without types, of every resource."""

    def policy_of(check: Callable[[Props], Iterable[str]]) -> ResourceValidationPolicy:
        def validate(args: ResourceValidationArgs, report: ReportViolation) -> None:
            if not types or args.resource_type in types:
                for complaint in check(args.props):
                    report(complaint, None)

        return ResourceValidationPolicy(_name(check), inspect.cleandoc(check.__doc__ or ""), validate)

    return policy_of


def stack_rule(*types: str) -> Callable[[Callable[[PolicyResource], Iterable[str]]], StackValidationPolicy]:
    """Of a resource and its neighbours, judged when all are known."""

    def policy_of(check: Callable[[PolicyResource], Iterable[str]]) -> StackValidationPolicy:
        def validate(args: StackValidationArgs, report: ReportViolation) -> None:
            unknown = None
            for resource in args.resources:
                if resource.resource_type in types:
                    try:
                        for complaint in check(resource):
                            report(f"{resource.name}: {complaint}", resource.urn)
                    except UnknownValueError as error:
                        unknown = error  # the others can still be judged
            if unknown:
                raise unknown

        return StackValidationPolicy(_name(check), inspect.cleandoc(check.__doc__ or ""), validate)

    return policy_of


def neighbour(resource: PolicyResource, prop: str, type_: str) -> PolicyResource | None:
    """The resource of a type that a property is made of; known even while its value is not."""
    return next((r for r in resource.property_dependencies.get(prop, []) if r.resource_type == type_), None)


def as_list(value: Any) -> list[Any]:
    """A value that JSON policies and Pulumi both write alone or in a list."""
    return [value] if isinstance(value, str | Mapping) else list(value or [])


def _name(check: Callable[..., Any]) -> str:
    return check.__name__.replace("_", "-")
