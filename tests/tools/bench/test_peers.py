"""The bench's peers: one tokenizer, batched or one by one, with the labels of the source model."""

from pathlib import Path

import numpy as np
import pytest

from tools import pages
from tools.bench import peers, report, times
from tools.bench.workloads import Workload

TEXTS = ["good", "a bad day indeed", "fine"]


def test_texts_are_padded_to_the_longest_with_a_mask(tiny_source: Path) -> None:
    seen: list[tuple[np.ndarray, np.ndarray]] = []

    def run(ids: np.ndarray, mask: np.ndarray) -> np.ndarray:
        seen.append((ids, mask))
        return np.zeros((len(ids), 2))

    model = peers.Padded(tiny_source, run)
    assert model.together(TEXTS).shape == model.one_by_one(TEXTS).shape == (3, 2)
    (ids, mask), *alone = seen
    assert ids.shape == mask.shape == (3, max(mask.sum(axis=1)))
    assert [one.shape[1] for one, _ in alone] == list(mask.sum(axis=1)), "a text alone has no padding"


@pytest.mark.slow(reason="converts a model with torch and NNCF")
@pytest.mark.skipif(not peers.installed(), reason="the group peers is not installed (make bench installs it)")
def test_each_peer_classifies_like_the_model_it_was_made_from(
    tiny_source: Path, torch_model: Path, tmp_path: Path
) -> None:
    from function.classifier import load
    from function.model_build import parity

    texts = parity.sentences()[:60]
    expected = [answer.label for answer in load(torch_model).classify(texts)]
    labels = load(torch_model).manifest.labels
    peers.make(tiny_source, tmp_path)
    for name in peers.NAMES:
        model = peers.loaded(name, tiny_source, tmp_path)
        found = [labels[best] for best in model.one_by_one(texts).argmax(axis=1)]
        assert sum(a == b for a, b in zip(found, expected, strict=True)) > 50, name
        assert model.together(texts[:10]).shape == (10, 2)


def test_a_peers_figure_is_the_better_of_its_two_ways() -> None:
    took = {"baseline": [[40.0, 60.0]], "ours": [[10.0, 20.0]], "limit": [[5.0, 8.0]]}
    took |= {"openvino": [[30.0, 30.0]], "openvino_singly": [[8.0, 18.0]], "ort_dynamic": [[11.0, 24.0]]}
    found = times.figures(Workload("w", [[3, 5]]), took)
    assert (found["openvino_best_ms"], found["openvino_over_ours"]) == (13, 0.85)
    assert (found["ort_dynamic_best_ms"], found["ort_dynamic_over_ours"]) == (17.5, 1.15)


def test_engines_run_in_random_order_and_single_texts_run_only_one_way() -> None:
    def engine(name: str) -> times.Engine:
        return lambda texts, _: lambda: called.append(name)

    called: list[str] = []
    ready = {name: engine(name) for name in ("ours", "openvino", f"openvino{peers.SINGLY}")}
    took = times._rounds(Workload("w", [[3, 5]]), ready, rounds=8, warm=False)
    assert {name: len(batches[0]) for name, batches in took.items()} == dict.fromkeys(ready, 8)
    assert len({tuple(called[turn : turn + 3]) for turn in range(0, 24, 3)}) > 1
    assert times._rounds(Workload("w", [[3]]), ready, rounds=1, warm=False).keys() == {"ours", "openvino"}


def test_the_report_shows_the_peers_beside_our_engine() -> None:
    row = {"ours_ms": 10.0, "torch_batched_ms": 45.0, "openvino_best_ms": 9.0, "openvino_over_ours": 0.9}
    row |= {"ort_dynamic_best_ms": 12.0, "ort_dynamic_over_ours": 1.2}
    costs = {name: {"load_s": 0.5, "peak_rss_mb": 350.0} for name in (peers.OURS, *peers.NAMES)}
    found = {"workloads": {"ten_16": row}, "peers": costs}
    table = pages.markdown(report._peers(found))
    assert "| 10 of 16 | 10 | 9 | 12 | 45 | 0.90 | 1.20 | 4.50 |" in table
    assert "| peak memory | 350 MB | 350 MB | 350 MB |" in table
