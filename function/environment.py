"""What the stack tells the function: its environment variables."""

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
    """Each field is read from the variable of its upper-case name.

    Attributes:
        results_table: name of the DynamoDB table.
        dead_letter_queue_url: where messages go that can never succeed.
        max_receive_count: deliveries after which SQS gives a message up.
        result_ttl_days: days a result is kept; 0 keeps it.
        store_text: whether the text is stored beside its sentiment.
        model_dir: the model's folder, which comes from the image and not from the stack.
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
            ValueError: naming the variable that is missing or malformed.
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
