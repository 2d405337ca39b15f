"""The record of a model's training, in its folder: its data, recipe and score on held-out texts."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

TRAINING_FILE = "training.json"


@dataclass(frozen=True, kw_only=True)
class Record:
    """
    Attributes:
        command: the command that trained it.
        date: when, as ISO 8601.
        base: the model from which training started.
        data: name of the file of labelled texts.
        data_sha256: digest of that file.
        source: folder of the fp32 model on the machine that trained it.
        trained_on: label -> texts.
        recipe: epochs, batch size, learning rate, seed and the like.
        held_out: `Score.figures` of the int8 model on texts that it was not trained on.
        seconds, peak_mb: the training's time and peak memory.
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
        """The record in a model's folder; None if `make train` did not train it."""
        try:
            return cls(**json.loads((model_dir / TRAINING_FILE).read_text(encoding="utf-8")))
        except FileNotFoundError:
            return None
