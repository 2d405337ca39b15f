"""Builds a full-size DistilBERT with random weights, to measure memory, time and bytes without the hub."""

from pathlib import Path

import torch
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
from transformers import DistilBertConfig, DistilBertForSequenceClassification, PreTrainedTokenizerFast
from transformers.utils import logging as transformers_logging

from function.build_model import build
from function.classifier import load
from function.manifest import ModelError
from function.model_build import parity
from tools.local.program import ROOT

SOURCE = ROOT / "build" / "full-size"
OUTPUT = ROOT / "function" / "models" / "full-size"
MODEL_ID = "sentiment-analyzer/full-size-random"
SEED = 20261124
SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
LETTERS = "abcdefghijklmnopqrstuvwxyz"
NORMALIZER = normalizers.BertNormalizer(lowercase=True)
PRE_TOKENIZER = pre_tokenizers.BertPreTokenizer()


def full_size_model(output: Path = OUTPUT) -> Path:
    """The folder with the int8 model; builds it if it does not exist (about ten seconds and 1 GB of memory)."""
    transformers_logging.disable_progress_bar()
    try:
        load(output).manifest.check_digests(output)
    except ModelError:
        make_source(SOURCE)
        # Random weights give every text a score near 0.5, so that rounding alone decides its label.
        build(str(SOURCE), None, "onnx", output, model_id=MODEL_ID, max_disagreement=1)
    return output


def make_source(folder: Path) -> None:
    """Write the fp32 model, 66 million parameters, with its tokenizer, as transformers would."""
    torch.manual_seed(SEED)
    names = ["NEGATIVE", "POSITIVE"]
    config = DistilBertConfig(id2label=dict(enumerate(names)), label2id={name: n for n, name in enumerate(names)})
    DistilBertForSequenceClassification(config).save_pretrained(folder)
    make_tokenizer(config.vocab_size, config.max_position_embeddings).save_pretrained(folder)


def make_tokenizer(vocabulary_size: int, max_tokens: int) -> PreTrainedTokenizerFast:
    """BERT's own steps over a vocabulary of the real one's size: letters, English, then `word0`, `word1`, ..."""
    words = [*SPECIAL, *LETTERS, *(f"##{letter}" for letter in LETTERS), *_english_words()]
    words += [f"word{n}" for n in range(vocabulary_size - len(words))]
    vocabulary = {word: number for number, word in enumerate(words)}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer, tokenizer.pre_tokenizer = NORMALIZER, PRE_TOKENIZER
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", vocabulary["[SEP]"]), ("[CLS]", vocabulary["[CLS]"]))
    return as_berts(tokenizer, max_tokens)


def as_berts(tokenizer: Tokenizer, max_tokens: int) -> PreTrainedTokenizerFast:
    """A tokenizer with BERT's special tokens, in the form that transformers saves."""
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        model_max_length=max_tokens,
        unk_token="[UNK]",
        pad_token="[PAD]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        mask_token="[MASK]",
    )


def _english_words() -> list[str]:
    """The words of the parity sentences, so that ordinary texts have as many tokens as with the real vocabulary."""
    texts = (NORMALIZER.normalize_str(sentence) for sentence in parity.sentences())
    words = {word for text in texts for word, _ in PRE_TOKENIZER.pre_tokenize_str(text)}
    return sorted(word for word in words if word not in LETTERS)


if __name__ == "__main__":
    full_size_model()
