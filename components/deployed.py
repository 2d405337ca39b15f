"""The stack's resources as the last update left them, which the program reads before it registers changes."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pulumi

WHILE_WRITTEN = 50  # tries, a tenth of a second apart
READ_STATE = "pulumi:pulumi:readStackResourceOutputs"  # the engine's own; works after a refresh or a failed update too
PAGE = "docs/decisions/0012-a-pushed-tag-is-not-built-again.md"
NOT_ANSWERED = "unrecognized function name"  # the engine's error for a call that it does not know


class StateNotTold(pulumi.RunError):
    """The engine does not let the program read its stack's resources. The CLI shows the message without a traceback."""


@dataclass(frozen=True)
class Deployed:
    """
    Attributes:
        resources: the outputs of each resource in the stack's state, by URN; empty before the first update.
    """

    resources: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @classmethod
    def load(cls) -> "Deployed":
        """
        Raises:
            StateNotTold: this version of the CLI lacks the call; continuing would mean assuming a stack without data.
        """
        organization: str | None = pulumi.get_organization()
        if not organization:  # mocks, which have no state; the CLI always passes one
            return cls()
        stack = f"{organization}/{pulumi.get_project()}/{pulumi.get_stack()}"
        resources = _read(stack)["outputs"]
        return cls({urn: resource.get("outputs", {}) for urn, resource in resources.items()})

    def output(self, type_: str, name: str, output: str) -> Any:
        """An output of a component's child; empty if the stack has no such resource."""
        outputs = (found for urn, found in self.resources.items() if urn.endswith(f"${type_}::{name}"))
        return next(outputs, {}).get(output) or ""


def _read(stack: str) -> Mapping[str, Any]:
    """The engine's answer; retries while the engine is writing a state that is kept in a folder."""
    tries = WHILE_WRITTEN
    while True:
        try:
            return pulumi.runtime.invoke(READ_STATE, {"stackName": stack}).value
        except Exception as error:  # the SDK raises nothing more precise
            if NOT_ANSWERED in str(error):
                raise StateNotTold(f"{error}. Nothing was changed. Use an older Pulumi CLI: {PAGE}") from error
            tries -= 1
            if not tries or "failed to load checkpoint" not in str(error):
                raise
        time.sleep(0.1)
