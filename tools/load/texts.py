"""Texts of mixed length, like short reviews: the same lengths as `make bench` measures."""

import random

from tools.bench.workloads import length, text
from tools.load.plan import Kind
from tools.models.demonstration.grammar import Grammar

POOL = 2000  # different texts; made before the clock runs, so that making them delays no send
SEED = 20261125


def pool(kind: Kind) -> list[str]:
    """Texts to send in turn; the same ones every time."""
    drawn = random.Random(SEED)
    lengths = [length(drawn) for _ in range(POOL)]
    if kind is Kind.WORDS:
        return [text(tokens, drawn) for tokens in lengths]
    grammar = Grammar(SEED)
    return [_sentences(words, grammar) for words in lengths]


def _sentences(words: int, grammar: Grammar) -> str:
    """Whole sentences, as many as it takes to have so many words."""
    parts: list[str] = []
    while sum(len(part.split()) for part in parts) < words:
        parts.append(grammar.sentence()[1])
    return " ".join(parts)
