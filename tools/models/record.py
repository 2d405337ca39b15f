"""What is known of a model that was trained here, in its folder: on what, how, and how good it is on held-out texts."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

TRAINING_FILE = "training.json"


@dataclass(frozen=True, kw_only=True)
class Record:
    """
    Attributes:
        command: that trained it.
        date: when, as ISO 8601.
        base: the model that it began with.
        data: name of the file of labelled texts.
        data_sha256: of that file.
        source: folder of the fp32 model on the machine that trained it.
        trained_on: label -> texts.
        recipe: epochs, batch size, learning rate, seed and the like.
        held_out: figures of `Score.figures`, of the int8 model on texts that it was not trained on.
        seconds, peak_mb: what the training took.
        machine: processors and threads, or the GPU.
    """

    command: str
    date: str
    base: str
    data: str
    data_sha256: str
    source: str
    trained_on: dict[str, int]
    recipe: dict[str, Any]
    held_out: dict[str, Any]
    seconds: int
    peak_mb: int
    machine: str

    def write(self, model_dir: Path) -> None:
        (model_dir / TRAINING_FILE).write_text(json.dumps(asdict(self), indent=2) + "\n", encoding="utf-8")

    @classmethod
    def read(cls, model_dir: Path) -> Self | None:
        """The record of a model's folder; None where it was not trained here."""
        try:
            return cls(**json.loads((model_dir / TRAINING_FILE).read_text(encoding="utf-8")))
        except FileNotFoundError:
            return None
