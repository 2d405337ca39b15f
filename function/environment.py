"""The environment variables that the stack sets for the function."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

PARSERS: dict[Any, Callable[[str], Any]] = {
    str: str,
    int: int,
    bool: {"true": True, "false": False}.__getitem__,
    Path: Path,
}


@dataclass(frozen=True, kw_only=True)
class Environment:
    """The function's settings. Each field is read from the variable with its name in upper case.

    Attributes:
        results_table: name of the DynamoDB table.
        dead_letter_queue_url: queue for messages that can never succeed.
        max_receive_count: deliveries after which SQS dead-letters a message.
        result_ttl_days: days to keep a result; 0 keeps it forever.
        store_text: whether to store the text beside its sentiment.
        model_dir: the model's folder, which the image sets, not the stack.
    """

    results_table: str
    dead_letter_queue_url: str
    max_receive_count: int
    result_ttl_days: int
    store_text: bool
    model_dir: Path

    @classmethod
    def read(cls, variables: Mapping[str, str]) -> "Environment":
        """
        Raises:
            ValueError: names the variable that is missing or malformed.
        """
        values: dict[str, Any] = {}
        for field in fields(cls):
            name = field.name.upper()
            try:
                values[field.name] = PARSERS[field.type](variables[name])
            except (KeyError, ValueError):
                raise ValueError(
                    f"environment variable {name}: {variables.get(name)!r} is missing or malformed"
                ) from None
        return cls(**values)
