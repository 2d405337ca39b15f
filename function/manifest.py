"""The manifest of a built model folder: its files, its source and how closely it matches fp32."""

import hashlib
import json
import sys
from dataclasses import MISSING, asdict, dataclass, fields
from pathlib import Path
from typing import Any, Self

MANIFEST_FILE = "manifest.json"
BACKENDS = ("onnx", "torch")


class ModelError(Exception):
    """The model folder is missing, incomplete or damaged."""


@dataclass(frozen=True)
class Answer:
    """The label that the model gives a text, and its probability (0-1)."""

    text: str
    sentiment: str
    score: float


@dataclass(frozen=True)
class Shape:
    """Sizes of a model, which determine its time and memory: `inner` is the width of the feed-forward part, `words` the
    number of its tokens."""

    layers: int
    width: int
    inner: int
    heads: int
    words: int


DISTILBERT = Shape(layers=6, width=768, inner=3072, heads=12, words=30_522)


@dataclass(frozen=True)
class Manifest:
    """The description that build_model writes beside the model.

    `max_tokens` includes the special tokens; `files` maps names to SHA-256 digests, `sizes` to bytes; `parity` holds
    the counts of function/model_build/parity.py; `answers` those to function/known_texts.py. An older build_model wrote
    no answers, and no shape: it served only DistilBERT.
    """

    model_id: str
    model_revision: str
    backend: str
    labels: tuple[str, ...]
    max_tokens: int
    files: dict[str, str]
    sizes: dict[str, int]
    parity: dict[str, float]
    answers: tuple[Answer, ...] = ()
    shape: Shape = DISTILBERT

    @classmethod
    def read(cls, model_dir: Path) -> Self:
        """The manifest of a folder; ModelError if the folder or manifest is missing or malformed."""
        path = model_dir / MANIFEST_FILE
        if not model_dir.is_dir():
            raise ModelError(f"there is no model folder at {model_dir}")
        try:
            content = json.loads(path.read_bytes())
        except FileNotFoundError:
            raise ModelError(f"{model_dir} has no {MANIFEST_FILE}: function.build_model writes one") from None
        except (OSError, ValueError) as error:
            raise ModelError(f"{path} cannot be read as JSON: {error}") from error
        if faults := _faults(content):
            raise ModelError(f"{path} is malformed: {'; '.join(faults)}")
        known = {name: content[name] for name in _FIELD_NAMES if name in content}
        answers = tuple(Answer(**answer) for answer in content.get("answers", ()))
        shape = Shape(**content["shape"]) if "shape" in content else DISTILBERT
        return cls(**{**known, "labels": tuple(content["labels"]), "answers": answers, "shape": shape})

    def write(self, model_dir: Path) -> None:
        (model_dir / MANIFEST_FILE).write_text(json.dumps(asdict(self), indent=2) + "\n", encoding="utf-8")

    def check_sizes(self, model_dir: Path) -> None:
        """ModelError if a file is missing or its size has changed since the build."""
        for name, size in self.sizes.items():
            try:
                found = (model_dir / name).stat().st_size
            except OSError as error:
                raise ModelError(f"{model_dir / name} cannot be read: {error.strerror}") from error
            if found != size:
                raise ModelError(f"{model_dir / name} is damaged: {found} bytes instead of {size}")

    def check_digests(self, model_dir: Path) -> None:
        """ModelError if a file's content has changed since the build."""
        self.check_sizes(model_dir)
        for name, digest in self.files.items():
            if sha256(model_dir / name) != digest:
                raise ModelError(f"{model_dir / name} is damaged: its SHA-256 is not the one in {MANIFEST_FILE}")


_FIELD_NAMES = tuple(field.name for field in fields(Manifest))
_REQUIRED = tuple(field.name for field in fields(Manifest) if field.default is MISSING)


def _faults(content: Any) -> list[str]:
    if not isinstance(content, dict):
        return ["it is not a JSON object"]
    if missing := [name for name in _REQUIRED if name not in content]:
        return [f"it lacks {', '.join(missing)}"]
    rules = {
        "model_id": isinstance(content["model_id"], str),
        "model_revision": isinstance(content["model_revision"], str),
        "backend": content["backend"] in BACKENDS,
        "labels": _is_list_of_strings(content["labels"]) and len(content["labels"]) >= 2,
        "max_tokens": isinstance(content["max_tokens"], int) and content["max_tokens"] > 2,
        "files": isinstance(content["files"], dict) and _is_list_of_strings(list(content["files"].values())),
        "sizes": isinstance(content["sizes"], dict) and content["sizes"].keys() == set(content["files"]),
        "parity": isinstance(content["parity"], dict),
        "answers": _are_answers(content.get("answers", []), content["labels"]),
        "shape": _is_shape(content.get("shape", asdict(DISTILBERT))),
    }
    return [f"{name} is {content.get(name)!r}" for name, holds in rules.items() if not holds]


def _is_list_of_strings(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _are_answers(value: Any, labels: Any) -> bool:
    return isinstance(value, list) and all(
        isinstance(answer, dict)
        and answer.keys() == {"text", "sentiment", "score"}
        and isinstance(answer["text"], str)
        and answer["sentiment"] in labels
        and isinstance(answer["score"], float)
        for answer in value
    )


def _is_shape(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and value.keys() == asdict(DISTILBERT).keys()
        and all(isinstance(size, int) and size > 0 for size in value.values())
    )


def sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


if __name__ == "__main__":  # `python -m function.manifest DIR`: the full check, for image builds and deliveries
    folder = Path(sys.argv[1])
    try:
        Manifest.read(folder).check_digests(folder)
    except ModelError as error:
        sys.exit(f"error: {error}")
