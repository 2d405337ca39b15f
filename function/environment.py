"""What the stack tells the function: its environment variables."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Environment:
    """
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
        name = ""

        def value(of: str) -> str:
            nonlocal name
            name = of
            return variables[of]

        try:
            return cls(
                results_table=value("RESULTS_TABLE"),
                dead_letter_queue_url=value("DEAD_LETTER_QUEUE_URL"),
                max_receive_count=int(value("MAX_RECEIVE_COUNT")),
                result_ttl_days=int(value("RESULT_TTL_DAYS")),
                store_text={"true": True, "false": False}[value("STORE_TEXT")],
                model_dir=Path(value("MODEL_DIR")),
            )
        except (KeyError, ValueError):
            raise ValueError(f"environment variable {name}: {variables.get(name)!r} is missing or malformed") from None
