"""The parity gate between fp32 and a built model: its counts, its texts, and its limits."""

import math
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from function import build_model
from function.classifier import load
from function.model_build import onnx_graph, parity
from function.model_build.parity import DECIDED, LONG_TEXTS, Parity
from function.model_build.source import Source, load_source
from tests.tiny_model import make_source

pytestmark = pytest.mark.slow(reason="loads models with torch")

SOUND = Parity(
    texts=224, decided=200, flipped=9, decided_flipped=0, mean_score_difference=0.011, max_score_difference=0.5
)


@pytest.fixture(scope="module")
def source(tiny_source: Path) -> Source:
    return load_source(str(tiny_source), None, "onnx")


@pytest.mark.parametrize(
    ("decided", "flipped", "sound"), [(200, 4, True), (200, 5, False), (50, 1, True), (49, 1, False), (0, 0, True)]
)
def test_no_more_than_the_allowed_share_of_labels_may_flip(decided: int, flipped: int, sound: bool) -> None:
    found = replace(SOUND, decided=decided, decided_flipped=flipped)
    assert (found.faults(max_disagreement=0.02, max_mean_difference=0.02) == []) is sound


def test_labels_may_flip_where_fp32_is_undecided() -> None:
    assert replace(SOUND, flipped=24).faults(0.02, 0.02) == []


@pytest.mark.parametrize(("difference", "sound"), [(0.02, True), (0.0201, False), (math.nan, False)])
def test_the_mean_score_difference_has_a_limit(difference: float, sound: bool) -> None:
    faults = replace(SOUND, mean_score_difference=difference).faults(0.02, 0.02)
    assert faults == ([] if sound else [f"scores differ by {difference:.4f} on average; 0.0200 is allowed"])


def test_the_texts_are_below_at_and_beyond_the_models_limit(source: Source) -> None:
    texts = parity.texts(source)
    lengths = [len(ids) for ids in source.tokenizer(texts, verbose=False)["input_ids"]]
    assert texts[: -3 * LONG_TEXTS] == parity.sentences()
    assert len(set(texts)) == len(texts)
    quarter, full, beyond = np.split(np.array(lengths[-3 * LONG_TEXTS :]), 3)
    assert 120 < quarter.min() <= quarter.max() <= 128
    assert 505 < full.min() <= full.max() <= 512
    assert beyond.min() > 1000


def test_parity_truncates_fp32_where_the_function_does(source: Source, tmp_path: Path) -> None:
    built = load(_built(source, tmp_path / "model", max_tokens=12))
    short = replace(source, max_tokens=12)
    assert parity.measure(built, short, parity.texts(short)).max_score_difference < 1e-4
    assert parity.measure(built, source, parity.texts(source)).max_score_difference > 0.1, "truncation must matter here"


def _built(source: Source, output: Path, max_tokens: int) -> Path:
    source.tokenizer.model_max_length = max_tokens
    try:
        source.model.save_pretrained(output.with_name("short"))
        source.tokenizer.save_pretrained(output.with_name("short"))
    finally:
        source.tokenizer.model_max_length = source.max_tokens
    assert build_model.build(str(output.with_name("short")), None, "torch", output).max_tokens == max_tokens
    return output


def test_the_figures_compare_the_answers_of_both_models(source: Source, onnx_model: Path) -> None:
    texts = parity.sentences()[:20]
    built = load(onnx_model)
    found = parity.measure(built, source, texts)
    for name, scores in {"fp32": parity.probabilities(source, texts), "ours": built.probabilities(texts)}.items():
        assert scores.shape == (20, 2), name
        np.testing.assert_allclose(scores.sum(axis=1), 1, atol=1e-5)
    differences = np.abs(parity.probabilities(source, texts) - built.probabilities(texts))
    assert found.mean_score_difference == pytest.approx(differences[:, 0].mean(), abs=1e-5)
    assert found.max_score_difference == pytest.approx(differences.max(), abs=1e-5)
    assert found.decided == sum(abs(first - second) > DECIDED for first, second in parity.probabilities(source, texts))


@pytest.mark.parametrize("backend", ["onnx", "torch"])
def test_labels_with_the_same_name_are_compared_by_position(tmp_path: Path, backend: str) -> None:
    folder = make_source(tmp_path / "source", ("NEGATIVE", "NEGATIVE", "POSITIVE"))
    manifest = build_model.build(str(folder), None, backend, tmp_path / "model")
    assert manifest.labels == ("NEGATIVE", "NEGATIVE", "POSITIVE")
    built = load(tmp_path / "model")
    places = built.probabilities(parity.sentences()).argmax(axis=1)
    assert set(places) == {0, 1, 2}, "a label that no text gets would hide a mix-up"


def test_a_model_with_the_same_labels_but_other_scores_is_refused(
    tiny_source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write = onnx_graph.write

    def sharpened(model: object, path: Path) -> None:
        for parameter in model.classifier.parameters():  # type: ignore[attr-defined]
            parameter.data.mul_(4)
        write(model, path)
        for parameter in model.classifier.parameters():  # type: ignore[attr-defined]
            parameter.data.div_(4)

    monkeypatch.setattr(onnx_graph, "write", sharpened)
    assert (
        build_model.main(["--model", str(tiny_source), "--backend", "onnx", "--output", str(tmp_path / "model")]) == 1
    )
    said = capsys.readouterr().err
    assert re.search(r"differs too much from fp32: scores differ by 0\.\d{4} on average; 0\.0200 is allowed", said)
    assert list(tmp_path.iterdir()) == []


def test_no_message_names_the_scratch_folder(
    tiny_source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(onnx_graph, "write", lambda model, path: path.write_bytes(b"no graph"))
    output = tmp_path / "model"
    assert build_model.main(["--model", str(tiny_source), "--backend", "onnx", "--output", str(output)]) == 1
    said = capsys.readouterr().err
    assert f"the built model cannot be loaded: the model in {output} does not load" in said
    assert ".model-" not in said, "the scratch folder is gone by the time anybody reads the message"
