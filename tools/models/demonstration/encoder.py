"""Cuts a small DistilBERT encoder out of MiniLM: some of its layers, and the most frequent English words."""

import json
import sys
import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer
from transformers import DistilBertConfig, PreTrainedTokenizerFast

from function.model_build.adapter import renamed
from tools.models.full_size import SPECIAL, as_berts

CONTINUES = "##"  # marks a piece that continues a word


def cut(minilm: Path, packages: Path, layers: Sequence[int], words: int, pieces: int, output: Path) -> None:
    """Write a BERT folder's encoder, with these layers and a smaller vocabulary, to `output`.

    It keeps the special tokens, every single character except other scripts' letters, the `words` most frequent in
    English and the first `pieces` that continue a word: BERT's vocabulary lists those by frequency.
    """
    tokenizer = json.loads((minilm / "tokenizer.json").read_text(encoding="utf-8"))
    vocabulary: dict[str, int] = tokenizer["model"]["vocab"]
    kept = _kept(sorted(vocabulary, key=vocabulary.__getitem__), packages, words, pieces)
    rows = torch.tensor([vocabulary[piece] for piece in kept])
    weights = {name.removeprefix("bert."): weight for name, weight in load_file(minilm / "model.safetensors").items()}
    given = json.loads((minilm / "config.json").read_text(encoding="utf-8"))
    config = DistilBertConfig(
        vocab_size=len(kept),
        n_layers=len(layers),
        dim=given["hidden_size"],
        n_heads=given["num_attention_heads"],
        hidden_dim=given["intermediate_size"],
        max_position_embeddings=given["max_position_embeddings"],
        architectures=["DistilBertModel"],
    )
    output.mkdir(parents=True, exist_ok=True)
    config.save_pretrained(output)
    save_file(_renamed(weights, layers, rows), output / "model.safetensors", metadata={"format": "pt"})
    _tokenizer(tokenizer, kept, config.max_position_embeddings).save_pretrained(output)


def _kept(vocabulary: list[str], packages: Path, words: int, pieces: int) -> list[str]:
    """The part of the vocabulary to keep, in its order."""
    sys.path.insert(0, str(packages))
    from wordfreq import zipf_frequency

    ordinary = [piece for piece in vocabulary if not piece.startswith("[")]
    characters = {piece for piece in vocabulary if len(piece.removeprefix(CONTINUES)) == 1}
    whole = [piece for piece in ordinary if not piece.startswith(CONTINUES) and piece not in characters]
    continuing = [piece for piece in ordinary if piece.startswith(CONTINUES) and piece not in characters]
    frequent = sorted(whole, key=lambda word: -zipf_frequency(word, "en"))[:words]  # stable: ties in BERT's order
    latin = filter(_is_no_other_letter, characters)
    stays = {*SPECIAL, *latin, *frequent, *continuing[:pieces]}
    return [piece for piece in vocabulary if piece in stays]


def _is_no_other_letter(piece: str) -> bool:
    """Whether it consists of Latin letters, digits, punctuation and symbols, without letters of other scripts."""
    character = piece.removeprefix(CONTINUES)
    return not character.isalpha() or unicodedata.name(character, "").startswith("LATIN")


def _renamed(weights: dict[str, torch.Tensor], layers: Sequence[int], rows: torch.Tensor) -> dict[str, torch.Tensor]:
    """Rename the weights. DistilBERT has no segments, so BERT's first one is added to the positions."""
    ours = {
        "embeddings.word_embeddings.weight": weights["embeddings.word_embeddings.weight"][rows],
        "embeddings.position_embeddings.weight": weights["embeddings.position_embeddings.weight"]
        + weights["embeddings.token_type_embeddings.weight"][0],
    }
    for kind in ("weight", "bias"):
        ours[f"embeddings.LayerNorm.{kind}"] = weights[f"embeddings.LayerNorm.{kind}"]
    for place, layer in enumerate(layers):
        theirs = f"encoder.layer.{layer}."
        for name, weight in weights.items():
            if name.startswith(theirs):
                ours[renamed(f"encoder.layer.{place}.{name.removeprefix(theirs)}")] = weight
    return {name: weight.clone().contiguous() for name, weight in ours.items()}


def _tokenizer(given: dict[str, Any], kept: list[str], max_tokens: int) -> PreTrainedTokenizerFast:
    number = {piece: place for place, piece in enumerate(kept)}
    given["model"]["vocab"] = number
    given["truncation"] = given["padding"] = None
    for added in given["added_tokens"]:
        added["id"] = number[added["content"]]
    for special in given["post_processor"]["special_tokens"].values():
        special["ids"] = [number[token] for token in special["tokens"]]
    return as_berts(Tokenizer.from_str(json.dumps(given)), max_tokens)
