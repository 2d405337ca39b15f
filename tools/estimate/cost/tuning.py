"""Power tuning: the cost and batch time of each memory size."""

from collections.abc import Sequence
from dataclasses import dataclass

from function.memory import HEADROOM
from tools.estimate.cost import prices
from tools.estimate.cost.measured import Engine

SIZES_MB = (256, 320, 384, 448, 512, 640, 768, 896, 1024, 1280, 1536, 1769, 2048, 2560, 3008)
NEARLY = 1.10  # times the lowest cost, for the recommended size


@dataclass(frozen=True, kw_only=True)
class Size:
    """
    Attributes:
        fits: whether the engine's peak plus headroom fits.
        batch_ms: time of a full batch, warm.
        usd_per_million: Lambda's duration and requests alone, per million texts in full batches.
    """

    memory_mb: int
    fits: bool
    batch_ms: float
    usd_per_million: float


def sizes(engine: Engine, architecture: str, batch_size: int) -> list[Size]:
    """All memory sizes, smallest first."""
    return [_size(engine, architecture, batch_size, memory_mb) for memory_mb in SIZES_MB]


def _size(engine: Engine, architecture: str, batch_size: int, memory_mb: int) -> Size:
    batch_ms = engine.batch_ms(batch_size, memory_mb)
    gb_s = batch_ms / 1000 * memory_mb / 1024
    batch_usd = prices.LAMBDA_DURATION[architecture].of(gb_s) + prices.LAMBDA_REQUESTS.of(1)
    return Size(
        memory_mb=memory_mb,
        fits=memory_mb >= engine.peak_mb * HEADROOM,
        batch_ms=batch_ms,
        usd_per_million=batch_usd / batch_size * 1e6,
    )


@dataclass(frozen=True)
class Advice:
    """Among the sizes that fit: the cheapest, the fastest, and the fastest of those close to the lowest cost."""

    cheapest: Size
    fastest: Size
    balanced: Size


def advice(candidates: Sequence[Size]) -> Advice:
    """
    Raises:
        ValueError: none fits.
    """
    fitting = [size for size in candidates if size.fits]
    if not fitting:
        raise ValueError(f"no memory size up to {SIZES_MB[-1]} MB fits")
    cheapest = min(fitting, key=lambda size: size.usd_per_million)
    nearly = [size for size in fitting if size.usd_per_million <= cheapest.usd_per_million * NEARLY]
    return Advice(
        cheapest=cheapest,
        fastest=min(fitting, key=lambda size: size.batch_ms),
        balanced=min(nearly, key=lambda size: size.batch_ms),
    )
