"""Turns a generator of complaints into a rule with the generator's name and docstring.

A preview of a new stack does not know ARNs, URLs and values derived from them. A rule that reads such a value waits for
the update, which knows the value and enforces the rule. The engine would say so for each rule and resource, which are
forty lines in the first preview of a stack; `rules_wait` says it in one.
"""

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from pulumi_policy import (
    EnforcementLevel,
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
                with _waiting(check):
                    for complaint in check(args.props):
                        report(complaint, None)

        return ResourceValidationPolicy(_name(check), inspect.cleandoc(check.__doc__ or ""), validate)

    return policy_of


def stack_rule(*types: str) -> Callable[[Callable[[PolicyResource], Iterable[str]]], StackValidationPolicy]:
    """Checks a resource together with the resources it refers to, once all are known."""

    def policy_of(check: Callable[[PolicyResource], Iterable[str]]) -> StackValidationPolicy:
        def validate(args: StackValidationArgs, report: ReportViolation) -> None:
            for resource in args.resources:
                if resource.resource_type in types:
                    with _waiting(check):
                        for complaint in check(resource):
                            report(f"{resource.name}: {complaint}", resource.urn)

        return StackValidationPolicy(_name(check), inspect.cleandoc(check.__doc__ or ""), validate)

    return policy_of


_wait: set[str] = set()  # the rules that met a value which only the update knows


@contextmanager
def _waiting(check: Callable[..., Any]) -> Iterator[None]:
    try:
        yield
    except UnknownValueError:
        _wait.add(_name(check))


def _say_which_wait(args: StackValidationArgs, report: ReportViolation) -> None:
    if _wait:
        report(f"{', '.join(sorted(_wait))}: only the update can check these rules", None)
        _wait.clear()


rules_wait = StackValidationPolicy(
    "rules-wait",
    "Names the rules that wait for the update, since they need values that a preview does not know.",
    _say_which_wait,
    EnforcementLevel.ADVISORY,
)


def neighbour(resource: PolicyResource, prop: str, type_: str) -> PolicyResource | None:
    """The resource of a type from which a property derives; known even while the property's value is not."""
    return next((r for r in resource.property_dependencies.get(prop, []) if r.resource_type == type_), None)


def as_list(value: Any) -> list[Any]:
    """The value as a list, because JSON policies and Pulumi both allow a single value instead of a list."""
    return [value] if isinstance(value, str | Mapping) else list(value or [])


def _name(check: Callable[..., Any]) -> str:
    return check.__name__.replace("_", "-")
