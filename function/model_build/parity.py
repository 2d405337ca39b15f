"""How far a built model strays from the fp32 torch model it was made from (build time only: imports torch)."""

from collections.abc import Sequence
from pathlib import Path

import torch
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from function.classifier import Classifier

SENTENCES_FILE = Path(__file__).with_name("parity_sentences.txt")


def sentences() -> list[str]:
    return [line for line in SENTENCES_FILE.read_text(encoding="utf-8").splitlines() if line.strip()]


def measure(
    classifier: Classifier, model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, texts: Sequence[str]
) -> dict[str, float]:
    """The manifest's parity figures: `sentences`, `label_agreement` (0-1), `max_score_difference` (0-1)."""
    agreeing = 0
    max_difference = 0.0
    for text, sentiment in zip(texts, classifier.classify(texts), strict=True):
        expected = _probabilities(model, tokenizer, text, classifier.manifest.max_tokens)
        label = classifier.manifest.labels.index(sentiment.label)
        agreeing += int(expected.argmax()) == label
        max_difference = max(max_difference, abs(float(expected[label]) - sentiment.score))
    return {
        "sentences": len(texts),
        "label_agreement": round(agreeing / len(texts), 4),
        "max_score_difference": round(max_difference, 4),
    }


def _probabilities(
    model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, text: str, max_tokens: int
) -> torch.Tensor:
    """The fp32 model's softmax for one text alone, shape (labels,)."""
    encoded = tokenizer(text, truncation=True, max_length=max_tokens, return_tensors="pt")
    with torch.inference_mode():
        logits = model(input_ids=encoded["input_ids"], attention_mask=encoded["attention_mask"]).logits
    return torch.softmax(logits[0], dim=-1)
