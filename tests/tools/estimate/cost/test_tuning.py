"""Memory sizes, and alternatives for the same traffic."""

from dataclasses import replace

import pytest

from function.memory import speed
from tests.tools.estimate.figures import ENGINE
from tools.estimate.cost.compare import comprehend_usd, ways
from tools.estimate.cost.measured import Measured
from tools.estimate.cost.stack import stack_of
from tools.estimate.cost.tuning import SIZES_MB, advice, sizes
from tools.local.recorder import Recorder


def test_a_functions_cpu_share_follows_its_memory() -> None:
    assert speed(1769) == 1
    assert speed(1769 / 2) == 0.5
    assert 1 < speed(2 * 1769) < 2, "a second vCPU does not double it"


def test_the_cheapest_size_fits_and_the_fastest_is_the_largest() -> None:
    candidates = sizes(ENGINE, "x86_64", 10)
    best = advice(candidates)
    assert [size.memory_mb for size in candidates if not size.fits] == [256, 320], "300 MB and a quarter are 375"
    assert best.cheapest.memory_mb == 384
    assert best.fastest.memory_mb == SIZES_MB[-1]
    assert best.cheapest.usd_per_million <= best.balanced.usd_per_million <= 1.1 * best.cheapest.usd_per_million
    assert best.balanced.batch_ms < best.cheapest.batch_ms


def test_the_cost_of_a_size_matches_a_hand_calculation() -> None:
    (size,) = (size for size in sizes(ENGINE, "x86_64", 10) if size.memory_mb == 1769)
    # 60 ms x 1769/1024 GB = 0.103652 GB-s, 1.72754e-6 USD, and 0.2e-6 for the request: 1.92754e-6 for ten texts
    assert size.usd_per_million == pytest.approx(0.192754, abs=1e-5)


def test_advice_is_refused_when_no_size_fits_the_engine() -> None:
    with pytest.raises(ValueError, match="no memory size up to 3008 MB fits"):
        advice(sizes(replace(ENGINE, peak_mb=4000), "x86_64", 10))


def test_comprehend_bills_at_least_three_units_and_discounts_volume() -> None:
    assert comprehend_usd(1000, 50) == pytest.approx(0.30)  # 3 units of 0.0001
    assert comprehend_usd(1000, 301) == pytest.approx(0.40)
    # 60 million units: 10 million at 0.0001, 40 at 0.00005, 10 at 0.000025
    assert comprehend_usd(20e6, 50) == pytest.approx(1000 + 2000 + 250)


def test_the_baseline_costs_more_than_this_stack_at_any_rate(prod: Recorder) -> None:
    own, *others = ways(stack_of("prod", prod), Measured.read(), "ten_mixed")
    (baseline,) = (way for way in others if way.name.startswith("the baseline ("))
    assert [rate for rate in (0, 500, 1e4, 1e6) if baseline.monthly(rate) <= own.monthly(rate)] == []
