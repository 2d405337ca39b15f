"""Texts of mixed length, like short reviews: the same lengths as `make bench` measures."""

import random

from tools.bench.workloads import length, text
from tools.load.plan import Kind
from tools.project import ROOT

POOL = 2000  # different texts; made before the clock runs, so that making them delays no send
SEED = 20261125
SENTENCES = ROOT / "function" / "model_build" / "parity_sentences.txt"


def pool(kind: Kind) -> list[str]:
    """Texts to send in turn; the same ones every time."""
    drawn = random.Random(SEED)
    lengths = [length(drawn) for _ in range(POOL)]
    if kind is Kind.WORDS:
        return [text(tokens, drawn) for tokens in lengths]
    sentences = [line for line in SENTENCES.read_text(encoding="utf-8").splitlines() if line.strip()]
    return [_sentences(words, sentences, drawn) for words in lengths]


def _sentences(words: int, sentences: list[str], drawn: random.Random) -> str:
    """Whole sentences, as many as it takes to have so many words."""
    parts: list[str] = []
    while sum(len(part.split()) for part in parts) < words:
        parts.append(drawn.choice(sentences))
    return " ".join(parts)
