"""A tiny random DistilBERT with its own labels, and the models that build_model builds from it for both backends."""

from functools import cache
from pathlib import Path
from typing import Any

import pytest

TINY_LABELS = ("SOUR", "SWEET")
TINY_DISAGREEMENT = 0.08  # random weights leave more texts on the fence than trained ones (we measured 0.015)


@pytest.fixture(scope="session")
def tiny_source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A transformers folder, as save_pretrained writes it."""
    return make_source(tmp_path_factory.mktemp("tiny-source"), TINY_LABELS)


def make_source(folder: Path, labels: tuple[str, ...]) -> Path:
    import torch
    from transformers import DistilBertConfig, DistilBertForSequenceClassification

    tokenizer = wordpieces()
    torch.manual_seed(6)  # a seed that gives plenty of both labels
    config = DistilBertConfig(
        vocab_size=len(tokenizer),
        n_layers=1,
        dim=64,
        n_heads=2,
        hidden_dim=128,
        max_position_embeddings=512,
        initializer_range=0.2,  # wide enough that different texts get clearly different scores
        id2label=dict(enumerate(labels)),
        label2id={label: index for index, label in enumerate(labels)},
    )
    DistilBertForSequenceClassification(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@cache
def wordpieces() -> Any:
    """BERT's kind of tokenizer, with a vocabulary learned from the parity sentences."""
    from tools.models.full_size import make_tokenizer

    return make_tokenizer(0, 512)


@pytest.fixture(scope="session")
def onnx_model(tiny_source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _built(tiny_source, "onnx", tmp_path_factory)


@pytest.fixture(scope="session")
def torch_model(tiny_source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _built(tiny_source, "torch", tmp_path_factory)


@pytest.fixture(scope="session")
def three_label_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of the other common kind on the hub: three labels, in lower case."""
    source = make_source(tmp_path_factory.mktemp("three-label-source"), ("negative", "neutral", "positive"))
    return _built(source, "onnx", tmp_path_factory)


def _built(source: Path, backend: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    from function.build_model import build

    output = tmp_path_factory.mktemp("built") / backend
    build(str(source), None, backend, output, model_id="test/tiny")
    return output
