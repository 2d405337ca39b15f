"""The fp32 PyTorch backend: the transformers pipeline, on batches of texts of like length."""

import os
from collections.abc import Sequence
from pathlib import Path

os.environ.setdefault("HF_HUB_OFFLINE", "1")  # the folder is complete: nothing may be fetched at run time

from transformers import AutoTokenizer, pipeline

from function.batching import groups
from function.manifest import Manifest
from function.verdict import Sentiment


class TorchClassifier:
    def __init__(self, model_dir: Path, manifest: Manifest) -> None:
        self.manifest = manifest
        self._tokenizer = AutoTokenizer.from_pretrained(model_dir)
        self._pipeline = pipeline("text-classification", model=str(model_dir), tokenizer=self._tokenizer, device="cpu")

    def classify(self, texts: Sequence[str]) -> list[Sentiment]:
        if not texts:
            return []
        lengths = self._lengths(list(texts))
        sentiments: dict[int, Sentiment] = {}
        for batch in groups([min(length, self.manifest.max_tokens) for length in lengths], position_cost=1):
            answers = self._pipeline(
                [texts[index] for index in batch],
                batch_size=len(batch),
                truncation=True,
                max_length=self.manifest.max_tokens,
                function_to_apply="softmax",
            )
            for index, answer in zip(batch, answers, strict=True):
                truncated = lengths[index] > self.manifest.max_tokens
                sentiments[index] = Sentiment(answer["label"], answer["score"], truncated)
        return [sentiments[index] for index in range(len(texts))]

    def _lengths(self, texts: list[str]) -> list[int]:
        """The number of tokens of each text, special tokens included, before any truncation."""
        encoded = self._tokenizer(texts, truncation=False, padding=False, verbose=False)
        return [len(ids) for ids in encoded["input_ids"]]
