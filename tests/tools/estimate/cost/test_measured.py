"""Measurements and prices: their sources, and the values that are refused."""

import json
from dataclasses import fields
from pathlib import Path

import pytest

from tools.estimate.cost import prices
from tools.estimate.cost.measured import MEASURED_FILE, Measured, MeasuredError
from tools.estimate.cost.prices import Price


def test_the_call_time_is_derived_from_single_and_batched_texts(tmp_path: Path) -> None:
    bench = tmp_path / "bench.json"
    times = {"single_16": {"ours_ms": 4.3}, "ten_16": {"ours_ms": 24.3}}
    bench.write_text(json.dumps({"workloads": times, "cold_start_s": {}, "peak_rss_mb": {}}))
    engine = Measured.read(bench).engine("ours", "ten_16")
    # Ten calls of 4.3 ms less one of 24.3 are the cost of nine calls alone: 18.7 / 9
    assert engine.call_ms == pytest.approx(18.7 / 9)
    assert engine.batch_ms(10, 1769) == pytest.approx(24.3 + 10 * 1.0 + 10), "with storing and the wait for it"


def test_the_benchs_figures_replace_the_committed_ones(tmp_path: Path) -> None:
    bench = tmp_path / "bench.json"
    run_of = {"workloads": {"single_16": {"ours_ms": 3.0}, "ten_16": {"ours_ms": 20.0}, "unknown": {}}}
    bench.write_text(json.dumps(run_of | {"cold_start_s": {"ours": 0.4}, "peak_rss_mb": {"ours": 150}}))
    measured = Measured.read(bench)
    engine = measured.engine("ours", "ten_16")
    committed = Measured.read()
    assert engine.cold_start_s == 0.4
    assert engine.peak_mb == committed.engine("ours", "ten_16").peak_mb > 150, "texts of 512 tokens still need that"
    assert engine.batch_ms(10, 1769) == pytest.approx(20 + 10 + 10)
    assert measured.engine("baseline", "ten_16") == committed.engine("baseline", "ten_16")


def test_a_file_that_is_not_a_bench_result_is_refused(tmp_path: Path) -> None:
    for content in ("{}", "[]", "no JSON"):
        (tmp_path / "bench.json").write_text(content)
        with pytest.raises(MeasuredError, match="not what `make bench` writes"):
            Measured.read(tmp_path / "bench.json")


def test_measurements_record_when_and_where_they_were_made() -> None:
    content = json.loads(MEASURED_FILE.read_text())
    assert all(content[key] for key in ("date", "machine", "source"))


def test_every_price_has_a_date_and_a_source() -> None:
    found: list[Price] = []
    for value in vars(prices).values():
        entries = value.values() if isinstance(value, dict) else value if isinstance(value, tuple) else [value]
        found += [p for e in entries for p in (e if isinstance(e, tuple) else [e]) if isinstance(p, Price)]
    assert len(found) > 20
    assert [p for p in found if not (p.source and p.as_of == prices.AS_OF and p.per > 0)] == []
    assert [p for p in found if p.usd <= 0] == [prices.STREAM_BY_LAMBDA]
    assert "source" in {f.name for f in fields(Price)}
