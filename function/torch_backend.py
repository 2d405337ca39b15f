"""The fp32 PyTorch backend: transformers' own model, on batches of texts of similar length."""

import os
from collections.abc import Mapping, Sequence
from inspect import signature
from pathlib import Path

os.environ.setdefault("HF_HUB_OFFLINE", "1")  # the folder is complete: fetch nothing at run time

import numpy as np
import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer, PreTrainedModel

from function.batching import groups
from function.manifest import Manifest
from function.verdict import Sentiment, sentiments


class TorchClassifier:
    def __init__(self, model_dir: Path, manifest: Manifest) -> None:
        self.manifest = manifest
        self._tokenizer = AutoTokenizer.from_pretrained(model_dir)
        self._model = AutoModelForSequenceClassification.from_pretrained(model_dir).eval()

    def classify(self, texts: Sequence[str]) -> list[Sentiment]:
        lengths = self._lengths(texts)
        cut = (length > self.manifest.max_tokens for length in lengths)
        return sentiments(self.manifest.labels, self._probabilities(texts, lengths), cut)

    def probabilities(self, texts: Sequence[str]) -> np.ndarray:
        return self._probabilities(texts, self._lengths(texts))

    def _probabilities(self, texts: Sequence[str], lengths: Sequence[int]) -> np.ndarray:
        probabilities = np.empty((len(texts), len(self.manifest.labels)), dtype=np.float32)
        cut = [min(length, self.manifest.max_tokens) for length in lengths]
        for batch in groups(cut, self.manifest.shape, position_cost=1):
            encoded = self._tokenizer(
                [texts[index] for index in batch],
                padding=True,
                truncation=True,
                max_length=self.manifest.max_tokens,
                return_tensors="pt",
            )
            probabilities[batch] = probabilities_of(self._model, encoded)
        return probabilities

    def _lengths(self, texts: Sequence[str]) -> list[int]:
        """The number of tokens of each text, special tokens included, before any truncation."""
        if not texts:
            return []  # the tokenizer would raise an error
        encoded = self._tokenizer(list(texts), truncation=False, padding=False, verbose=False)
        return [len(ids) for ids in encoded["input_ids"]]


def probabilities_of(model: PreTrainedModel, encoded: Mapping[str, torch.Tensor]) -> np.ndarray:
    """Softmax over the labels of encoded texts, shape (texts, labels)."""
    takes = signature(model.forward).parameters  # some tokenizers return token types that their model lacks
    with torch.inference_mode():
        logits = model(**{name: tensor for name, tensor in encoded.items() if name in takes}).logits
    return torch.softmax(logits, dim=-1).numpy()
