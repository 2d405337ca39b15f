"""Texts of mixed length, like short reviews, with the same lengths as in `make bench`."""

import random

from tools.bench.workloads import length, text
from tools.load.plan import Kind
from tools.project import ROOT

POOL = 2000  # different texts; created before the clock runs, so that this delays no send
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
    """Whole sentences, up to this number of words."""
    parts: list[str] = []
    while sum(len(part.split()) for part in parts) < words:
        parts.append(drawn.choice(sentences))
    return " ".join(parts)
