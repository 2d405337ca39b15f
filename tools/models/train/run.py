"""Trains a model from labelled texts into a folder in function/models, with its score on unseen texts."""

import dataclasses
import hashlib
import json
import os
import platform
import resource
import shlex
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import torch
from transformers.utils import logging as transformers_logging

from function.build_model import BuildError, build
from function.classifier import load
from function.manifest import BACKENDS, ModelError, sha256
from function.model_build.adapter import adapted
from function.model_build.source import UnsuitableModel
from sentiment.errors import CommandError
from sentiment.screen import answers
from tools.models.evaluate.judge import classified
from tools.models.labelled import Labelled, counts, without
from tools.models.record import Record
from tools.models.score import Score
from tools.models.train.fine_tune import Recipe, fine_tune, load_base, report
from tools.project import PROJECT, ROOT

MODELS = ROOT / "function" / "models"
WORK = ROOT / "build" / "train"  # checkpoints, and the fp32 models


def train(
    texts: Sequence[Labelled],
    held_out: Sequence[Labelled],
    *,
    data: Path,
    base: str,
    name: str,
    recipe: Recipe,
    revision: str | None = None,
    backend: str = "onnx",
    model_id: str | None = None,
    output: Path | None = None,
) -> Record:
    """Train, build `output` (function/models/NAME), evaluate it on `held_out`, write its record; returns the record.

    Raises:
        CommandError: the labels or the base cannot be used, or the built model differs too much from fp32.
    """
    output = output or MODELS / _checked(name)
    texts = _apart(texts, held_out)
    labels = _labels(texts, held_out)
    started = time.monotonic()
    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()
    if backend not in BACKENDS:
        raise CommandError(f"--backend: {backend!r} must be one of {', '.join(BACKENDS)}")
    model, tokenizer = load_base(base, revision, labels, recipe.seed)
    if backend == "onnx":
        try:
            adapted(model)  # before the hours of training
        except UnsuitableModel as error:
            raise CommandError(f"BASE: {error}") from error
    work = WORK / f"{name}-{_digest(texts, base, revision, recipe)}"
    source = work / "source"
    report(
        f"{len(texts)} texts to train on, {len(held_out)} held out, labels {', '.join(labels)}; "
        f"{model.num_parameters() / 1e6:.1f} million parameters, on {_machine()}"
    )
    fine_tune(model, tokenizer, texts, recipe, work)
    model.save_pretrained(source)
    tokenizer.save_pretrained(source)
    try:
        build(str(source), None, backend, output, model_id=model_id or f"{PROJECT}/{name}")
    except (BuildError, ModelError, UnsuitableModel) as error:
        raise CommandError(f"{error}; the trained model is in {source}") from error
    score = Score.of((text.label, given.label) for text, given in classified(load(output), held_out))
    record = Record(
        command=shlex.join(["python", "-m", *_invoked()]),
        date=datetime.now(UTC).isoformat(timespec="seconds"),
        base=_relative(base) + (f"@{revision}" if revision else ""),
        data=data.name,
        data_sha256=sha256(data),
        source=_relative(str(source)),
        trained_on=counts(texts),
        recipe=dataclasses.asdict(recipe),
        held_out=score.figures(),
        seconds=round(time.monotonic() - started),
        peak_mb=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        machine=_machine(),
    )
    record.write(output)
    answers.print(score.by_class())
    answers.print(score.matrix())
    report(
        f"{score.accuracy:.1%} of {score.texts} held-out texts are right ({score.chance:.1%} by the commonest label), "
        f"macro F1 {score.macro_f1:.3f}; {record.seconds} s, {record.peak_mb} MB at the peak"
    )
    return record


def _checked(name: str) -> str:
    if not name or name != Path(name).name or name.startswith(".") or name == "demo":
        raise CommandError(f"--name: {name!r} must be the name of a folder in function/models, and not demo")
    return name


def _apart(texts: Sequence[Labelled], held_out: Sequence[Labelled]) -> list[Labelled]:
    """The texts to train on, without those that are held out."""
    apart = without(texts, held_out)
    if dropped := len(texts) - len(apart):
        report(f"{dropped} texts are held out too, and not used for training")
    told: dict[str, set[str]] = {}
    for text in apart:
        told.setdefault(text.key, set()).add(text.label)
    if twofold := sum(len(labels) > 1 for labels in told.values()):
        report(f"{twofold} texts have more than one label")
    return apart


def _labels(texts: Sequence[Labelled], held_out: Sequence[Labelled]) -> list[str]:
    """The labels, sorted; CommandError if there are fewer than two, or if one is not on both sides."""
    trained, judged = counts(texts), counts(held_out)
    if len(trained) < 2:
        raise CommandError(f"the texts to train on have the labels {list(trained)}; at least two are needed")
    for label in sorted(trained.keys() ^ judged.keys()):
        raise CommandError(
            f"label {label!r}: {trained.get(label, 0)} texts to train on and {judged.get(label, 0)} held out; at least "
            "one of each is needed"
        )
    return list(trained)


def _digest(texts: Sequence[Labelled], base: str, revision: str | None, recipe: Recipe) -> str:
    """A digest that identifies a run, so that only the same texts, base and recipe resume a checkpoint."""
    content = [[(text.text, text.label) for text in texts], base, revision, dataclasses.asdict(recipe)]
    if (weights := Path(base, "model.safetensors")).is_file():
        content.append(sha256(weights))
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:12]


def _relative(path: str) -> str:
    """A path in the checkout relative to it; anything else unchanged."""
    return path.removeprefix(f"{ROOT}/")


def _machine() -> str:
    if torch.cuda.is_available():
        return torch.cuda.get_device_name()
    return f"{torch.get_num_threads()} threads of {os.cpu_count()} processors ({platform.machine()})"


def _invoked() -> list[str]:
    """The command as it was typed, with paths in the checkout relative to it."""
    spec = getattr(sys.modules["__main__"], "__spec__", None)
    module = spec.name.removesuffix(".__main__") if spec else Path(sys.argv[0]).name
    return [module, *(argument.replace(f"{ROOT}/", "") for argument in sys.argv[1:])]
