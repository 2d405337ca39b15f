"""Fine-tunes a classifier or an encoder on labelled texts with transformers' Trainer, and resumes interrupted runs."""

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from transformers import (
    AutoModelForSequenceClassification,
    DataCollatorWithPadding,
    PreTrainedModel,
    PreTrainedTokenizerBase,
    Trainer,
    TrainerCallback,
    TrainerControl,
    TrainerState,
    TrainingArguments,
    set_seed,
)
from transformers.trainer_utils import get_last_checkpoint

from function.model_build.source import UnsuitableModel, load_tokenizer, positions
from sentiment.errors import CommandError
from tools.models.labelled import Labelled

CHECKPOINTS = "checkpoints"
CHECKPOINTS_AN_EPOCH = 4
LINES_AN_EPOCH = 10


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """
    Attributes:
        learning_rate: its peak, after a twentieth of the steps; it then falls to zero.
        max_tokens: of a text, in training; 0 for the model's limit.
    """

    epochs: float = 3
    batch_size: int = 32
    learning_rate: float = 5e-5
    max_tokens: int = 0
    seed: int = 1


def load_base(
    base: str, revision: str | None, labels: Sequence[str], seed: int
) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    """A model from a folder or the hub with these labels and a new head from the seed; CommandError if none."""
    set_seed(seed)
    changes = {
        "num_labels": len(labels),
        "id2label": dict(enumerate(labels)),
        "label2id": {label: number for number, label in enumerate(labels)},
        "problem_type": "single_label_classification",
    }
    pinned = {"revision": revision} if revision else {}
    try:
        model, found = AutoModelForSequenceClassification.from_pretrained(
            base, dtype=torch.float32, ignore_mismatched_sizes=True, output_loading_info=True, **changes, **pinned
        )
        tokenizer = load_tokenizer(base, revision)
    except (OSError, ValueError, UnsuitableModel) as error:
        raise CommandError(f"BASE: {base} cannot be loaded: {error}") from error
    inside = f"{model.base_model_prefix}."
    lost = [*found["missing_keys"], *(name for name, *_ in found["mismatched_keys"])]
    # BERT's pooler is part of the head; anything else that is not in the checkpoint would be noise.
    if noise := sorted(name for name in lost if name.startswith(inside) and "pooler" not in name):
        raise CommandError(f"BASE: {base} lacks {len(noise)} weights of the encoder, such as {noise[0]}")
    tokenizer.model_max_length = min(tokenizer.model_max_length, positions(model))
    return model, tokenizer


def fine_tune(
    model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, texts: Sequence[Labelled], recipe: Recipe, work: Path
) -> None:
    """Train `model` in place, from the last checkpoint in `work` if there is one, on a GPU if there is one."""
    number = {label: place for place, label in (model.config.id2label or {}).items()}
    encoded = tokenizer(
        [text.text for text in texts], truncation=True, max_length=recipe.max_tokens or tokenizer.model_max_length
    )["input_ids"]
    samples = [{"input_ids": ids, "labels": number[text.label]} for ids, text in zip(encoded, texts, strict=True)]
    steps = -(-len(samples) // recipe.batch_size)  # an epoch
    trainer = Trainer(
        model=model,
        args=TrainingArguments(
            output_dir=str(work / CHECKPOINTS),
            num_train_epochs=recipe.epochs,
            per_device_train_batch_size=recipe.batch_size,
            learning_rate=recipe.learning_rate,
            weight_decay=0.01,
            warmup_steps=0.05,
            train_sampling_strategy="group_by_length",  # padding would double the time
            save_strategy="steps",
            save_steps=max(1, steps // CHECKPOINTS_AN_EPOCH),
            save_total_limit=1,
            logging_steps=max(1, steps // LINES_AN_EPOCH),
            seed=recipe.seed,
            disable_tqdm=True,
            report_to="none",
            dataloader_pin_memory=torch.cuda.is_available(),
        ),
        data_collator=DataCollatorWithPadding(tokenizer),
        train_dataset=samples,
        callbacks=[Progress()],
    )
    trainer.pop_callback(_printer())
    last = get_last_checkpoint(work / CHECKPOINTS) if (work / CHECKPOINTS).is_dir() else None
    if last:
        report(f"resuming from {last}")
    trainer.train(resume_from_checkpoint=last)
    model.cpu().eval()


def _printer() -> type[TrainerCallback]:
    from transformers.trainer_callback import PrinterCallback

    return PrinterCallback


class Progress(TrainerCallback):
    """Reports progress, loss and the time left, every tenth of an epoch."""

    def on_train_begin(self, args: Any, state: TrainerState, control: TrainerControl, **others: Any) -> None:
        self._began, self._first = time.monotonic(), state.global_step

    def on_log(self, args: Any, state: TrainerState, control: TrainerControl, **others: Any) -> None:
        if "loss" not in others["logs"] or state.global_step == self._first:
            return
        seconds = time.monotonic() - self._began
        left = seconds / (state.global_step - self._first) * (state.max_steps - state.global_step)
        report(
            f"step {state.global_step} of {state.max_steps}, epoch {state.epoch:.1f} of {args.num_train_epochs:g}, "
            f"loss {float(others['logs']['loss']):.3f}, {seconds:.0f} s, about {left:.0f} s left"
        )


def report(line: str) -> None:
    sys.stdout.write(f"train: {line}\n")
    sys.stdout.flush()
