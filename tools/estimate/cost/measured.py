"""The engines' measurements, and the time that a batch takes on Lambda according to them."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from function.in_time import WRITERS
from function.memory import speed

MEASURED_FILE = Path(__file__).with_name("measured.json")
STORE_WAIT_MS = 10  # assumed: one round trip to DynamoDB in the same region
PROMISED_AT_MB = 512  # the memory for which the baseline's design promises its times
PROMISED_PEAK_MB = 400

# The figures to use for an engine: time of a batch, then cold start, peak memory and image size.
ENGINES = {
    "ours": ("ours_ms", "ours"),
    "baseline": ("baseline_ms", "baseline"),
    "torch": ("torch_batched_ms", "baseline"),
}


class MeasuredError(ValueError):
    """A requested measurement does not exist."""


@dataclass(frozen=True, kw_only=True)
class Engine:
    """
    Attributes:
        call_ms, item_ms: CPU time on one core per call, and per text in it (including storing its result).
        cold_start_s: from process spawn to the first answer, on one core.
        peak_mb: peak memory, with texts of 512 tokens.
        image_gb: size in the registry; an estimate.
    """

    call_ms: float
    item_ms: float
    cold_start_s: float
    peak_mb: float
    image_gb: float

    def batch_ms(self, items: float, memory_mb: float) -> float:
        """The time of a warm batch: CPU time at the function's share, plus waiting for DynamoDB."""
        if items <= 0:
            return 0.0
        waits = math.ceil(items / WRITERS)
        return (self.call_ms + items * self.item_ms) / speed(memory_mb) + waits * STORE_WAIT_MS


@dataclass(frozen=True, kw_only=True)
class Sizes:
    """Characters of the mean text; bytes of a batch's log line, and of a stored result without its text."""

    characters: float
    batch_line: float
    metrics_line: float
    stored_item: float


@dataclass(frozen=True)
class Measured:
    """The content of tools/estimate/cost/measured.json, overridden by the figures of `make bench` if given."""

    content: Mapping[str, Any]

    @classmethod
    def read(cls, bench: Path | None = None) -> Self:
        """
        Raises:
            OSError: `bench` cannot be read. MeasuredError: it is not what `make bench` writes.
        """
        content = json.loads(MEASURED_FILE.read_text())
        if not bench:
            return cls(content)
        try:
            run = json.loads(bench.read_text())
            for name, figures in run["workloads"].items():
                if name in content["workloads"]:
                    content["workloads"][name].update({k: v for k, v in figures.items() if k.endswith("_ms")})
            content["cold_start_s"] |= run["cold_start_s"]
            # Ordinary batches are what the bench measures; memory must do for texts of 512 tokens too.
            for name, peak in run["peak_rss_mb"].items():
                content["peak_rss_mb"][name] = max(peak, content["peak_rss_mb"].get(name, 0))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise MeasuredError(f"{bench}: not what `make bench` writes ({type(error).__name__}: {error})") from error
        return cls(content | {"source": f"{bench} of `make bench`", "interpolated": [], **_told(run)})

    def workload(self, name: str) -> Mapping[str, Any]:
        try:
            return self.content["workloads"][name]
        except KeyError:
            known = ", ".join(self.content["workloads"])
            raise MeasuredError(f"workload {name!r}: was not measured; there are {known}") from None

    def engine(self, name: str, workload: str) -> Engine:
        """An engine of ENGINES; the cost of a call itself is what one call of ten texts saves over ten calls."""
        key, kind = ENGINES[name]
        short, ten, asked = (self.workload(w) for w in ("single_16", "ten_16", workload))
        call_ms = max(0.0, (ten["items"] * short[key] - ten[key]) / (ten["items"] - 1))
        return self._engine(kind, call_ms, max(0.0, asked[key] - call_ms) / asked["items"])

    def sizes(self, workload: str) -> Sizes:
        lines = self.content["log_line_bytes"]
        return Sizes(
            characters=self.workload(workload)["characters"],
            batch_line=lines["batch"],
            metrics_line=lines["metrics"],
            stored_item=self.content["stored_item_bytes"],
        )

    def promised(self, item_ms: float) -> Engine:
        """The baseline as its design promises it: milliseconds per warm text at 512 MB."""
        return self._engine("baseline", 0.0, item_ms * speed(PROMISED_AT_MB), peak_mb=PROMISED_PEAK_MB)

    def _engine(self, kind: str, call_ms: float, item_ms: float, **changes: float) -> Engine:
        figures = {
            "cold_start_s": self.content["cold_start_s"][kind],
            "peak_mb": self.content["peak_rss_mb"][kind],
            "image_gb": self.content["image_gb"][kind],
        }
        return Engine(call_ms=call_ms, item_ms=item_ms + self.content["store_cpu_ms"], **(figures | changes))


def _told(run: Mapping[str, Any]) -> dict[str, str]:
    """A bench run's description of itself."""
    return {key: str(run[key]) for key in ("date", "machine") if key in run}
