"""The bench: its texts have the stated lengths, its limit the model's shapes; its figures follow their definitions."""

import json
from pathlib import Path
from types import SimpleNamespace

import pytest
from rich.console import Console
from tokenizers import Tokenizer

from tools import pages
from tools.bench import report, times
from tools.bench.cold_start import functions
from tools.bench.engines import Limit, engines
from tools.bench.workloads import WORKLOADS, Workload
from tools.estimate.cost.measured import Measured
from tools.models.full_size import make_tokenizer

CONFIG = SimpleNamespace(dim=8, hidden_dim=16, n_layers=2)
TOOK = {"baseline": [[40.0, 60.0]], "torch_batched": [[30.0, 30.0]], "ours": [[10.0, 20.0]], "limit": [[5.0, 8.0]]}


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return make_tokenizer(30_522, 512).backend_tokenizer


@pytest.mark.parametrize("workload", WORKLOADS, ids=lambda workload: workload.name)
def test_texts_have_the_number_of_tokens_their_workload_states(workload: Workload, tokenizer: Tokenizer) -> None:
    for texts, lengths in zip(workload.batches(), workload.lengths, strict=True):
        assert [len(encoding) for encoding in tokenizer.encode_batch(texts)] == list(lengths)
        assert len(texts) == workload.items


def test_drawn_lengths_resemble_reviews_and_articles() -> None:
    drawn = {workload.name: workload for workload in WORKLOADS}
    assert 20 < drawn["ten_mixed"].tokens / 10 < 36
    assert 70 < drawn["ten_long_tail"].tokens / 10 < 150
    assert max(map(max, drawn["ten_long_tail"].lengths)) > 300
    assert drawn["ten_mixed"].batches() == drawn["ten_mixed"].batches(), "the same texts for every engine and run"


def test_the_limit_runs_every_linear_layer_of_the_model_once() -> None:
    limit = Limit(CONFIG)
    one_layer = [*[(8, 8)] * 4, (8, 16), (16, 8)]  # q, k, v, out; first and second of the feed-forward
    assert limit.shapes == one_layer * CONFIG.n_layers
    limit.call(5)()


@pytest.mark.slow(reason="loads torch and three engines")
def test_all_engines_classify_the_same_batch(tiny_source: Path, onnx_model: Path) -> None:
    texts = ["good", "a bad day indeed"]
    calls = {name: engine(texts, 8) for name, engine in engines(tiny_source, onnx_model).items()}
    answers = [calls["ours"](), calls["baseline"]()]
    labels = [[answer.label for answer in answers[0]], [answer[0]["label"] for answer in answers[1]]]
    assert labels[0] == labels[1] == [("SOUR", "SWEET")[best] for best in calls["torch_batched"]().argmax(dim=1)]
    assert calls["limit"]() is None


def test_figures_are_medians_percentiles_and_paired_ratios() -> None:
    found = times.figures(Workload("w", [[3, 5]]), TOOK)
    assert (found["items"], found["tokens"], found["baseline_ms"], found["ours_ms"]) == (2, 8, 50, 15)
    assert (found["ours_p95_ms"], found["ours_item_ms"]) == (20, 7.5)
    assert found["ours_items_per_s"] == pytest.approx(2 / 0.015, abs=0.01)
    assert found["baseline_over_ours"] == 3.5, "the median of 40/10 and 60/20, not 50/15"
    assert found["ours_over_limit"] == 2.25


def test_both_cold_start_functions_are_configured_as_in_lambda(tmp_path: Path) -> None:
    given = functions(tmp_path / "source", tmp_path / "model")
    assert given["ours"].handler == "function.handler.handler"
    assert given["ours"].environment["MODEL_DIR"] == str(tmp_path / "model")
    assert (given["baseline"].task_root / "app.py").is_file()
    assert given["baseline"].memory_mb == given["ours"].memory_mb


def test_the_report_and_the_cost_model_read_what_the_bench_writes(tmp_path: Path) -> None:
    part = {
        "workloads": {workload.name: times.figures(workload, TOOK) for workload in WORKLOADS},
        "cold_start_s": {"baseline": 5.0, "ours": 0.5},
        "peak_rss_mb": {"baseline": 600.0, "ours": 150.0},
        "steps_s": {"interpreter": 0.1},
    }
    found = {**part, "date": "2026-11-24", "machine": "a machine", "at_memory_mb": {"512": {"share": 0.29, **part}}}
    file = tmp_path / "bench.json"
    file.write_text(json.dumps(found))
    assert Measured.read(file).engine("ours", "ten_mixed").cold_start_s == 0.5
    blocks = report.blocks(found)
    assert blocks.keys() <= pages.blocks().keys()
    assert "**0.29 of that core, as a function of 512 MB has**" in blocks["bench"]
    assert "10 short reviews" in blocks["bench"]
    assert "ten short reviews take 15 ms (3.5 times less than a transformers pipeline)" in blocks["bench-figure"]
    console = Console(record=True, width=report.WIDTH, quiet=False)
    report.show(found, console)
    assert "10 short reviews" in console.export_text()
