"""Groups of texts of like length, so that padding stays small and memory bounded."""

from collections.abc import Sequence

MAX_PADDED_TOKENS = 1024  # two full-length texts: the full-size int8 model peaks at 287 MB so, at 412 MB with four
MAX_LENGTH_RATIO = 1.5  # a text is padded to at most one and a half times its length ...
FREE_PADDING_TOKENS = 8  # ... or by this much, since a call of its own costs more than a few padding tokens


def groups(lengths: Sequence[int]) -> list[list[int]]:
    """Indices of the lengths (in tokens), shortest first, split where padding or size would grow too much."""
    batches: list[list[int]] = []
    for index in sorted(range(len(lengths)), key=lengths.__getitem__):
        if batches and _fits(lengths[batches[-1][0]], lengths[index], len(batches[-1]) + 1):
            batches[-1].append(index)
        else:
            batches.append([index])
    return batches


def _fits(shortest: int, longest: int, count: int) -> bool:
    little_padding = longest <= max(shortest * MAX_LENGTH_RATIO, shortest + FREE_PADDING_TOKENS)
    return little_padding and longest * count <= MAX_PADDED_TOKENS
