"""A WordPiece vocabulary learned from sentences, the same one every time."""

import string
from collections import Counter
from itertools import pairwise

from tokenizers import normalizers, pre_tokenizers
from transformers import DistilBertTokenizer, PreTrainedTokenizerBase

SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
INSIDE = "##"  # marks a piece that continues a word
MAX_PIECES = 5_000


def train_tokenizer(texts: list[str]) -> PreTrainedTokenizerBase:
    """DistilBERT's own tokenizer, with a vocabulary learned from the texts by merging the commonest neighbours.

    Not tokenizers' WordPieceTrainer, which merges likewise: it breaks ties at random, and the same seed then gave
    models four points apart.
    """
    counts = _word_counts(texts)
    characters = sorted(set(string.ascii_lowercase + string.digits + string.punctuation).union(*counts))
    singles = [*characters, *(INSIDE + character for character in characters if character.isalnum())]
    pieces = dict.fromkeys([*SPECIAL, *singles])
    pieces |= dict.fromkeys(_merged(counts, MAX_PIECES - len(pieces)))
    return DistilBertTokenizer(vocab={piece: index for index, piece in enumerate(pieces)}, model_max_length=512)


def _word_counts(texts: list[str]) -> Counter[str]:
    normalizer, splitter = normalizers.BertNormalizer(lowercase=True), pre_tokenizers.BertPreTokenizer()
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update(word for word, _ in splitter.pre_tokenize_str(normalizer.normalize_str(text)))
    return counts


def _merged(counts: Counter[str], limit: int) -> list[str]:
    """At most `limit` pieces longer than a character, in the order of their making."""
    words = {word: [word[0], *(INSIDE + character for character in word[1:])] for word in sorted(counts)}
    pairs: Counter[tuple[str, str]] = Counter()
    for word, pieces in words.items():
        _count(pairs, pieces, counts[word])
    merged: dict[str, None] = {}
    while len(merged) < limit and (pairs := +pairs):
        commonest = max(pairs, key=lambda pair: (pairs[pair], pair))
        piece = commonest[0] + commonest[1].removeprefix(INSIDE)
        merged[piece] = None
        for word, pieces in words.items():
            if commonest in pairwise(pieces):
                _count(pairs, pieces, -counts[word])
                words[word] = _joined(pieces, commonest, piece)
                _count(pairs, words[word], counts[word])
    return list(merged)


def _count(pairs: Counter[tuple[str, str]], pieces: list[str], times: int) -> None:
    for pair in pairwise(pieces):
        pairs[pair] += times


def _joined(pieces: list[str], pair: tuple[str, str], whole: str) -> list[str]:
    joined: list[str] = []
    for piece in pieces:
        if joined and (joined[-1], piece) == pair:
            joined[-1] = whole
        else:
            joined.append(piece)
    return joined
