"""Trains the demonstration model, a real but tiny DistilBERT, and builds it into function/models/demo.

`python -m tools.models.demonstration.train` takes a few minutes on one core. The same seed gives the same model on the
same machine.
"""

import random
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import torch
from transformers import (
    DistilBertConfig,
    DistilBertForSequenceClassification,
    PreTrainedModel,
    PreTrainedTokenizerBase,
    get_linear_schedule_with_warmup,
)
from transformers.utils import logging as transformers_logging

from function.build_model import build
from function.classifier import load
from tools.models.demonstration.grammar import NEGATIVE, POSITIVE, Grammar
from tools.models.demonstration.vocabulary import train_tokenizer

MODEL_ID = "sentiment-analyzer/demo"
OUTPUT = Path(__file__).parents[3] / "function" / "models" / "demo"
DEVELOPMENT = Path(__file__).with_name("development.tsv")  # what the grammar is tuned on
HOLDOUT = Path(__file__).with_name("holdout.tsv")
LABELS = (NEGATIVE, POSITIVE)

SEED = 7
SENTENCES = 130_000
EPOCHS = 2
BATCH_SIZE = 64
LEARNING_RATE = 8e-4
# Tokens that training hides: texts from outside the grammar are full of words that the model does not know.
HIDDEN_TOKENS = 0.1
LABEL_SMOOTHING = 0.03
PROGRESS_EVERY = 250  # steps


def tiny_model(vocabulary: int) -> DistilBertForSequenceClassification:
    config = DistilBertConfig(
        vocab_size=vocabulary,
        n_layers=2,
        dim=128,
        n_heads=4,
        hidden_dim=256,
        max_position_embeddings=512,
        id2label=dict(enumerate(LABELS)),
        label2id={label: index for index, label in enumerate(LABELS)},
    )
    return DistilBertForSequenceClassification(config)


def batches(token_ids: list[list[int]], shuffled: random.Random) -> Iterator[list[int]]:
    """Indices of one epoch, in batches of like length: padding would double the time."""
    order = sorted(range(len(token_ids)), key=lambda index: len(token_ids[index]) + shuffled.random() * 4)
    starts = list(range(0, len(order), BATCH_SIZE))
    shuffled.shuffle(starts)
    for start in starts:
        yield order[start : start + BATCH_SIZE]


def fit(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, samples: list[tuple[str, str]]) -> None:
    token_ids = tokenizer([text for _, text in samples], truncation=True)["input_ids"]
    labels = torch.tensor([LABELS.index(label) for label, _ in samples])
    steps = EPOCHS * -(-len(samples) // BATCH_SIZE)
    optimizer = torch.optim.AdamW(model.parameters(), lr=LEARNING_RATE, weight_decay=0.01)
    schedule = get_linear_schedule_with_warmup(optimizer, steps // 20, steps)
    loss_of = torch.nn.CrossEntropyLoss(label_smoothing=LABEL_SMOOTHING)
    shuffled = random.Random(SEED)
    started, step = time.perf_counter(), 0
    model.train()
    for _ in range(EPOCHS):
        for batch in batches(token_ids, shuffled):
            padded = tokenizer.pad({"input_ids": [token_ids[index] for index in batch]}, return_tensors="pt")
            inputs = _hide_some(padded["input_ids"], tokenizer)
            loss = loss_of(model(input_ids=inputs, attention_mask=padded["attention_mask"]).logits, labels[batch])
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            step += 1
            if step % PROGRESS_EVERY == 0 or step == steps:
                _report(f"step {step}/{steps}, loss {loss.item():.3f}, {time.perf_counter() - started:.0f} s")
    model.eval()


def _hide_some(inputs: torch.Tensor, tokenizer: PreTrainedTokenizerBase) -> torch.Tensor:
    """Puts unknown or random words in the place of some; the special tokens stay."""
    ordinary = inputs > max(tokenizer.all_special_ids)
    hidden = (torch.rand(inputs.shape) < HIDDEN_TOKENS * torch.rand(len(inputs), 1) * 2) & ordinary
    unknown = torch.full_like(inputs, tokenizer.unk_token_id)
    noise = torch.randint(max(tokenizer.all_special_ids) + 1, len(tokenizer), inputs.shape)
    return torch.where(hidden, torch.where(torch.rand(inputs.shape) < 0.7, unknown, noise), inputs)


def accuracy(model_dir: Path, tsv: Path) -> float:
    """Share (0-1) of the labelled lines (label, tab, sentence) that the built model gets right."""
    lines = [line.split("\t", 1) for line in tsv.read_text(encoding="utf-8").splitlines() if line.strip()]
    answers = load(model_dir).classify([text for _, text in lines])
    return sum(answer.label == label for answer, (label, _) in zip(answers, lines, strict=True)) / len(lines)


def _report(line: str) -> None:
    sys.stdout.write(f"train: {line}\n")
    sys.stdout.flush()


def main() -> None:
    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()
    torch.set_num_threads(1)
    torch.manual_seed(SEED)
    grammar = Grammar(SEED)
    samples = [grammar.sentence() for _ in range(SENTENCES)]
    tokenizer = train_tokenizer([text for _, text in samples])
    model = tiny_model(len(tokenizer))
    _report(f"{SENTENCES} sentences, {len(tokenizer)} word pieces, {model.num_parameters()} parameters")
    fit(model, tokenizer, samples)
    with tempfile.TemporaryDirectory() as folder:
        model.save_pretrained(folder)
        tokenizer.save_pretrained(folder)
        build(folder, None, "onnx", OUTPUT, model_id=MODEL_ID)
    _report(f"{accuracy(OUTPUT, DEVELOPMENT):.0%} of the development sentences are right")
    _report(f"{accuracy(OUTPUT, HOLDOUT):.0%} of the hold-out sentences are right")


if __name__ == "__main__":
    main()
