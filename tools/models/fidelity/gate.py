"""Tries the gate of build_model.py on correct builds and on broken ones.

A correct build is a model of the same encoder with a head trained from another seed. Two kinds of broken builds convert
the wrong weights; the other two are checkpoints that are sound in fp32, and that int8 rows cannot hold.
"""

import copy
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from rich.table import Table

from function.build_model import MAX_DISAGREEMENT, MAX_MEAN_DIFFERENCE, convert
from function.classifier import load
from function.model_build import parity
from function.model_build.parity import Parity
from function.model_build.source import Source
from tools.models.fidelity.source import Trained
from tools.models.train.fine_tune import report

BUILDS = 15  # correct ones and broken ones, for each number of labels
HEAD_STEPS, HEAD_TEXTS, HEAD_RATE = 300, 256, 1e-3
HEAD_SAMPLE = 4_000  # texts to train heads on
GAIN = 100  # of the outliers
STUCK = (25.0, 50.0)  # least and most of a stuck neuron
FACTORS = (0.5, 2.0)

Broken = Callable[[Any, np.random.Generator], None]  # a model of transformers, changed in place


def swapped(model: Any, random: np.random.Generator) -> None:
    """Two matrices of one layer's attention change places."""
    attention = _layer(model, random).attention
    parts = [attention.self.query, attention.self.key, attention.self.value, attention.output.dense]
    first, second = random.choice(len(parts), 2, replace=False)
    kept = parts[first].weight.data.clone()
    parts[first].weight.data.copy_(parts[second].weight.data)
    parts[second].weight.data.copy_(kept)


def scaled(model: Any, random: np.random.Generator) -> None:
    """One matrix is off by a factor."""
    layer = _layer(model, random)
    attention = layer.attention
    parts = [attention.self.value, attention.output.dense, layer.intermediate.dense, layer.output.dense]
    parts[random.integers(len(parts))].weight.data.mul_(float(random.choice(FACTORS)))


def stuck(model: Any, random: np.random.Generator) -> None:
    """In every layer an inner neuron gives one large value for any text, which the outer bias takes back."""
    for layer in model.bert.encoder.layer:
        neuron, value = int(random.integers(layer.intermediate.dense.out_features)), random.uniform(*STUCK)
        layer.intermediate.dense.weight.data[neuron] = 0
        layer.intermediate.dense.bias.data[neuron] = value
        layer.output.dense.bias.data.sub_(layer.output.dense.weight.data[:, neuron] * value)


def outliers(model: Any, random: np.random.Generator) -> None:
    """In every layer three values of attention are far larger than the others, and the next matrix evens them out."""
    for layer in model.bert.encoder.layer:
        value, output = layer.attention.self.value, layer.attention.output.dense
        large = random.choice(value.out_features, 3, replace=False)
        value.weight.data[large] *= GAIN
        value.bias.data[large] *= GAIN
        output.weight.data[:, large] /= GAIN


CONVERSIONS: dict[str, Broken] = {"two matrices swapped": swapped, "one matrix off by a factor of 2": scaled}
CHECKPOINTS: dict[str, Broken] = {
    f"an inner neuron stuck at {STUCK[0]:.0f} to {STUCK[1]:.0f}": stuck,
    f"three outliers, {GAIN} times their neighbours": outliers,
}


@dataclass(frozen=True)
class Tried:
    kind: str
    labels: int
    found: Parity

    @property
    def passed(self) -> bool:
        return not self.found.faults(MAX_DISAGREEMENT, MAX_MEAN_DIFFERENCE)


def table(sources: Iterable[Trained]) -> Table:
    tried = defaultdict(list)
    for trained in sources:
        for each in tries(trained):
            tried[each.kind].append(each)
    shown = Table("Build")
    headings = ("tried", "passed", "decided labels that differ", "mean score difference")
    for heading in headings:
        shown.add_column(heading, justify="right")
    for kind, builds in tried.items():
        flips = [build.found.decided_flipped for build in builds]
        means = [build.found.mean_score_difference for build in builds]
        passed = sum(build.passed for build in builds)
        spans = f"{min(flips)} to {max(flips)}", f"{min(means):.3f} to {max(means):.3f}"
        shown.add_row(kind, f"{len(builds)}", f"{passed}", *spans)
    return shown


def tries(trained: Trained) -> Iterable[Tried]:
    source = trained.load()
    texts = parity.texts(source)
    expected = parity.probabilities(source, texts)
    features, numbers = _features(trained, source)
    for seed in range(BUILDS):
        model = _with_a_new_head(source.model, features, numbers, seed)
        yield _tried("correct", trained, replace(source, model=model), texts)
    kinds = [*CONVERSIONS.items(), *CHECKPOINTS.items()]
    for seed in range(BUILDS):
        kind, break_ = kinds[seed % len(kinds)]
        model = copy.deepcopy(source.model)
        break_(model, np.random.default_rng(seed))
        own = replace(source, model=model)
        yield _tried(kind, trained, own, texts, expected if kind in CONVERSIONS else None)


def _tried(kind: str, trained: Trained, source: Source, texts: list[str], expected: np.ndarray | None = None) -> Tried:
    """Convert the model as a build does, and compare it with `expected`, or else with itself in fp32."""
    with tempfile.TemporaryDirectory() as folder:
        convert(source, "onnx", Path(folder), kind, "0")
        ours = load(Path(folder)).probabilities(texts)
    found = parity.compare(ours, parity.probabilities(source, texts) if expected is None else expected)
    tried = Tried(kind, trained.labels, found)
    report(f"{trained.labels} labels, {kind}: {'passed' if tried.passed else 'refused'}, {found}")
    return tried


def _features(trained: Trained, source: Source) -> tuple[torch.Tensor, torch.Tensor]:
    """The encoder's vectors for some of the training texts (texts, width), and their labels' numbers."""
    some = trained.texts[:: -(-len(trained.texts) // HEAD_SAMPLE)]
    vectors = []
    model: Any = source.model
    with torch.no_grad():
        for text in some:
            encoded = source.tokenizer(text.text, truncation=True, max_length=source.max_tokens, return_tensors="pt")
            vectors.append(model.bert(**encoded).last_hidden_state[0, 0])
    return torch.stack(vectors), torch.tensor([source.labels.index(text.label) for text in some])


def _with_a_new_head(model: Any, features: torch.Tensor, numbers: torch.Tensor, seed: int) -> Any:
    torch.manual_seed(seed)
    new = copy.deepcopy(model)
    dense, classifier = new.bert.pooler.dense, new.classifier
    for part in (dense, classifier):
        torch.nn.init.normal_(part.weight, std=0.02)
        torch.nn.init.zeros_(part.bias)
    optimizer = torch.optim.AdamW([*dense.parameters(), *classifier.parameters()], lr=HEAD_RATE)
    for _ in range(HEAD_STEPS):
        some = torch.randint(len(features), (HEAD_TEXTS,))
        loss = torch.nn.functional.cross_entropy(classifier(torch.tanh(dense(features[some]))), numbers[some])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return new


def _layer(model: Any, random: np.random.Generator) -> Any:
    layers = model.bert.encoder.layer
    return layers[int(random.integers(len(layers)))]
