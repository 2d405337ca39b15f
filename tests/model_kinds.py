"""Small random classifiers of each kind that the graph supports, and the models that build_model builds from them."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.tiny_model import TINY_DISAGREEMENT, wordpieces

KINDS = ("distilbert", "bert", "roberta", "xlm-roberta", "camembert")
THREE_LABELS = ("negative", "neutral", "positive")
MAX_TOKENS = 40
PADDING = 1  # RoBERTa's kinds give padding a position; the first token has the next row
PIECES = 400


@pytest.fixture(scope="session", params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(scope="session")
def kind_source(kind: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A transformers folder, as save_pretrained writes it."""
    return make_kind(kind, tmp_path_factory.mktemp(f"{kind}-source"))


@pytest.fixture(scope="session")
def kind_built(kind_source: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The built models, by backend."""
    from function.build_model import build

    built = {backend: tmp_path_factory.mktemp("built") / backend for backend in ("onnx", "torch")}
    for backend, output in built.items():
        build(str(kind_source), None, backend, output, max_disagreement=TINY_DISAGREEMENT)
    return built


def make_kind(kind: str, folder: Path, **changes: Any) -> Path:
    """Saves a model whose weights are all random, even biases, norms and padding, so that leaving one out shows."""
    import torch
    from transformers import AutoConfig, AutoModelForSequenceClassification

    tokenizer = _tokenizer(kind)
    names = dict(enumerate(THREE_LABELS))
    config = AutoConfig.for_model(
        kind,
        **{
            "vocab_size": len(tokenizer),
            "hidden_size": 32,
            "num_hidden_layers": 2,
            "num_attention_heads": 2,
            "max_position_embeddings": MAX_TOKENS + (0 if kind in ("distilbert", "bert") else PADDING + 1),
            "pad_token_id": tokenizer.pad_token_id,
            "id2label": names,
            "label2id": {name: index for index, name in names.items()},
            **({"hidden_dim": 64} if kind == "distilbert" else {"intermediate_size": 64, "layer_norm_eps": 1e-3}),
            **changes,
        },
    )
    torch.manual_seed(5)
    model = AutoModelForSequenceClassification.from_config(config)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.2)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def _tokenizer(kind: str) -> Any:
    """A tokenizer for a kind; those of RoBERTa's kinds set no token limit, like some on the hub."""
    from tokenizers import ByteLevelBPETokenizer, SentencePieceUnigramTokenizer
    from transformers import RobertaTokenizer, XLMRobertaTokenizer

    from function.model_build.parity import sentences

    if kind in ("distilbert", "bert"):
        return wordpieces()
    learning = ByteLevelBPETokenizer() if kind == "roberta" else SentencePieceUnigramTokenizer()
    special = {"special_tokens": ["<s>", "<pad>", "</s>", "<unk>", "<mask>"], "vocab_size": PIECES}
    unknown = {} if kind == "roberta" else {"unk_token": "<unk>"}
    learning.train_from_iterator(sentences(), **special, **unknown, show_progress=False)
    learned = json.loads(learning.to_str())["model"]
    if kind == "roberta":
        return RobertaTokenizer(vocab=learned["vocab"], merges=[tuple(merge) for merge in learned["merges"]])
    return XLMRobertaTokenizer(vocab=[tuple(piece) for piece in learned["vocab"]])
