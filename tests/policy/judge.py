"""The pack's verdict on recorded registrations, as the engine would ask for it."""

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

from pulumi_policy import (
    PolicyResource,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    StackValidationArgs,
)
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE, unknown_checking_proxy

from policy.pack import POLICIES
from tools.local.recorder import Resource

OPTIONS: Any = SimpleNamespace()  # no rule reads them


def complaints(resources: Sequence[Resource]) -> dict[str, list[str]]:
    """The rules' complaints about a stack: rule name -> messages. Rules without a complaint are left out."""
    seen: dict[str, list[str]] = {}
    stack = _stack(resources)
    for policy in POLICIES:

        def report(message: str, urn: str | None = None, name: str = policy.name) -> None:
            seen.setdefault(name, []).append(message)

        if isinstance(policy, ResourceValidationPolicy):
            for r in resources:
                props = unknown_checking_proxy(r.inputs)
                policy.validate(ResourceValidationArgs(r.type, props, r.urn, r.name, OPTIONS, None), report)
        else:
            policy.validate(StackValidationArgs(stack), report)
    return seen


def as_previewed(resources: Sequence[Resource]) -> list[Resource]:
    """The same resources in a first preview: a value that comes from another resource's outputs is unknown."""

    def known(values: dict[str, Any], made_of: dict[str, list[str]]) -> dict[str, Any]:
        return {name: UNKNOWN_STRING_VALUE if name in made_of else value for name, value in values.items()}

    return [
        Resource(**{**vars(r), "inputs": known(r.inputs, r.made_of), "outputs": known(r.inputs, r.made_of)})
        for r in resources
    ]


def _stack(resources: Sequence[Resource]) -> list[PolicyResource]:
    """Registrations as the engine passes a whole stack: the outputs, and the resources that they come from."""
    by_urn = {
        r.urn: PolicyResource(r.type, unknown_checking_proxy(r.outputs), r.urn, r.name, OPTIONS, None, None, [], {})
        for r in resources
    }
    for r in resources:
        by_urn[r.urn].property_dependencies.update(
            {name: [by_urn[urn] for urn in urns if urn in by_urn] for name, urns in r.made_of.items()}
        )
    return list(by_urn.values())
