"""Groups texts into runs of the model, so that no batch pays for its longest text and memory stays bounded."""

from collections.abc import Sequence

from function.manifest import DISTILBERT, Shape

# Costs of a run of the model, in units of one token's matrix products; fitted to int8 models of 6 layers, 768 and 384
# wide, on one core. All parts grow with the layers alike, so only the widths matter; wider models follow the formula.
RUN_COST = 27.0  # the run itself: 15 to 30 where fitted
PAIR_COST, HEAD_COST = 4.1, 50  # attention: each pair of positions in a padded text, and in each head
MAX_VALUES = 256 * 768  # of a run's padded rows: beyond this a token costs more, because they no longer fit the cache


def groups(lengths: Sequence[int], shape: Shape = DISTILBERT, position_cost: float = 0) -> list[list[int]]:
    """The cheapest split of texts, given their lengths in tokens, into runs of texts of similar length.

    A run of n texts, the longest of s tokens, costs RUN_COST + pair_cost * n * s^2 besides its tokens: padding affects
    attention only, because the rest of the model never sees it (function/model_build/onnx_graph.py). For a model that
    does, add a `position_cost` of 1 for each of the n * s positions. Dynamic programming over the sorted lengths; a
    run's padded size, n * s, is at most `most_positions` unless one text alone exceeds it.

    Returns:
        Indices into `lengths`, each once; shorter texts first.
    """
    order = sorted(range(len(lengths)), key=lengths.__getitem__)
    cheapest, starts = [0.0], [0]
    of_a_pair, most = pair_cost(shape), most_positions(shape)
    for end, index in enumerate(order, start=1):
        longest = lengths[index]
        first = max(0, end - max(1, most // max(longest, 1)))
        cost, start = min(
            (cheapest[start] + RUN_COST + (end - start) * (position_cost * longest + of_a_pair * longest**2), start)
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


def pair_cost(shape: Shape) -> float:
    """The cost of a pair of positions in tokens: a pair passes a layer's columns and heads, a token its matrices."""
    matrices = shape.width * (4 * shape.width + 2 * shape.inner)
    return PAIR_COST * (shape.width + HEAD_COST * shape.heads) / matrices


def most_positions(shape: Shape) -> int:
    return MAX_VALUES // shape.width
