"""Which texts share a run of the model: no batch pays for its longest text, and memory stays bounded."""

from collections.abc import Sequence

MAX_TOKENS = 256  # in one run, padding included: beyond it a token costs more, as its rows no longer fit the cache
# What a run costs beyond its tokens' matrix products, in tokens; fitted to the full-size int8 model on one core.
RUN_COST = 27.0  # the run itself
PAIR_COST = 0.0008  # attention: each pair of positions in a padded text


def groups(lengths: Sequence[int], position_cost: float = 0) -> list[list[int]]:
    """The cheapest split of texts, given their lengths in tokens, into runs of texts of like length.

    A run of n texts of which the longest has s tokens costs RUN_COST + PAIR_COST * n * s^2 beside its tokens: padding
    costs attention only, as the rest of the model never sees it (function/model_build/onnx_graph.py). Where it does, a
    `position_cost` of 1 for each of the n * s positions is to be added. Dynamic programming over the sorted lengths; a
    run's padded size, n * s, is at most MAX_TOKENS unless one text alone exceeds it.

    Returns:
        Indices into `lengths`, each once; shorter texts first.
    """
    order = sorted(range(len(lengths)), key=lengths.__getitem__)
    cheapest, starts = [0.0], [0]
    for end, index in enumerate(order, start=1):
        longest = lengths[index]
        first = max(0, end - max(1, MAX_TOKENS // max(longest, 1)))
        cost, start = min(
            (cheapest[start] + RUN_COST + (end - start) * (position_cost * longest + PAIR_COST * longest**2), start)
            for start in range(first, end)
        )
        cheapest.append(cost)
        starts.append(start)
    batches: list[list[int]] = []
    end = len(order)
    while end:
        batches.append(order[starts[end] : end])
        end = starts[end]
    return batches[::-1]
