"""Rules for the fields of a dataclass, kept in the fields' metadata, and the faults they find."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from types import SimpleNamespace
from typing import Any

import pulumi


class SettingsError(pulumi.RunError, ValueError):
    """All faults of a configuration: key, value, what is allowed.

    A RunError, because the Pulumi CLI shows its message without a traceback.
    """

    def __init__(self, faults: list[str]):
        self.faults = faults
        super().__init__("\n".join([f"{len(faults)} fault(s) in the stack's configuration:", *faults]))


@dataclass(frozen=True)
class Rule:
    """A condition on a value.

    Attributes:
        allowed: completes "must be ..."; in a rule between fields, `{name}` is replaced by that field's value.
        holds: takes the value; in a rule between fields, an object with all values as attributes.
    """

    allowed: str
    holds: Callable[[Any], bool]


def between(low: int, high: int, unit: str = "", also: Sequence[Rule] = ()) -> Any:
    return _ruled(f"{low} to {high} {unit}".strip(), lambda v: low <= v <= high, also)


def off_or(low: int, high: int, also: Sequence[Rule] = ()) -> Any:
    """A range that 0 switches off."""
    return _ruled(f"0, or {low} to {high}", lambda v: not v or low <= v <= high, also)


def one_of(*values: Any, also: Sequence[Rule] = ()) -> Any:
    return _ruled("one of " + ", ".join(map(str, values)), lambda v: v in values, also)


def matching(pattern: str, allowed: str, also: Sequence[Rule] = ()) -> Any:
    return _ruled(allowed, lambda v: re.fullmatch(pattern, v, re.ASCII) is not None, also)


def optional(pattern: str, allowed: str, also: Sequence[Rule] = ()) -> Any:
    return matching(f"({pattern})?", f"{allowed}, or empty", also)


def listing(pattern: str) -> str:
    """The pattern of one or more values, separated by commas."""
    return f"{pattern}(,{pattern})*"


def listed(values: str) -> list[str]:
    """The values between the commas; none if empty."""
    return values.split(",") if values else []


def _ruled(allowed: str, accepts: Callable[[Any], bool], also: Sequence[Rule]) -> Any:
    """A field with a rule for its own value, and rules (`also`) that compare it with other fields."""
    return field(metadata={"rule": Rule(allowed, accepts), "also": tuple(also)})


def faults_of(owner: type, values: Mapping[str, Any], key_of: Callable[[str], str]) -> list[str]:
    """All faults of the values, by the rules of a dataclass's fields.

    Args:
        owner: the dataclass.
        values: by field name. A rule between fields is skipped if one of them is absent or itself at fault.
        key_of: returns the user's name of a field.
    """
    ruled = {f.name: f.metadata for f in fields(owner) if f.metadata and f.name in values}
    bad = {name for name, metadata in ruled.items() if not metadata["rule"].holds(values[name])}
    sound = {name: value for name, value in values.items() if name not in bad}
    return [
        f"  {key_of(name)}: {values[name]!r} must be {allowed}"
        for name, metadata in ruled.items()
        for allowed in ([metadata["rule"].allowed] if name in bad else _broken(metadata["also"], sound))
    ]


def _broken(rules: Sequence[Rule], values: Mapping[str, Any]) -> list[str]:
    return [rule.allowed.format(**values) for rule in rules if not _holds(rule, values)]


def _holds(rule: Rule, values: Mapping[str, Any]) -> bool:
    try:
        return rule.holds(SimpleNamespace(**values))
    except AttributeError:
        return True  # a value that the rule needs is absent or at fault
