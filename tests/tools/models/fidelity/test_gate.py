"""Builds to try the gate on: a broken checkpoint keeps its fp32 answers, a broken conversion changes them."""

import copy

import numpy as np
import pytest

from function.build_model import build
from function.model_build import parity
from function.model_build.source import Source, load_source
from tests.model_kinds import THREE_LABELS, make_kind
from tests.tiny_model import TINY_DISAGREEMENT
from tools import pages
from tools.models.fidelity import gate, held_out
from tools.models.fidelity.source import Trained
from tools.models.labelled import Labelled

pytestmark = pytest.mark.slow(reason="loads models with torch")

TEXTS = parity.sentences()[:12]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    folder = tmp_path_factory.mktemp("fidelity")
    source = make_kind("bert", folder / "source")
    build(str(source), None, "onnx", folder / "now", max_disagreement=TINY_DISAGREEMENT)
    texts = [Labelled(line, text, THREE_LABELS[line % 3]) for line, text in enumerate(TEXTS)]
    return Trained(labels=3, source=source, built=folder / "now", texts=texts, held_out=texts)


@pytest.fixture(scope="module")
def source(trained: Trained) -> Source:
    return load_source(str(trained.source), None, "onnx")


@pytest.mark.parametrize("kind", [*gate.CONVERSIONS, *gate.CHECKPOINTS])
def test_only_a_wrong_conversion_changes_the_fp32_answers(kind: str, source: Source) -> None:
    model = copy.deepcopy(source.model)
    {**gate.CONVERSIONS, **gate.CHECKPOINTS}[kind](model, np.random.default_rng(1))
    changed = parity.probabilities(Source(model, source.tokenizer, source.labels, source.max_tokens), TEXTS)
    difference = np.abs(changed - parity.probabilities(source, TEXTS)).max()
    weights = zip(model.state_dict().values(), source.model.state_dict().values(), strict=True)
    assert any(not new.equal(old) for new, old in weights)
    if kind in gate.CONVERSIONS:
        assert difference > 1e-3
    elif "outliers" in kind:
        assert difference < 1e-5
    else:
        assert difference < 0.1, "a stuck neuron only stops doing its own work"


def test_the_gate_tries_and_counts_each_kind_of_build(trained: Trained, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "BUILDS", 4)
    monkeypatch.setattr(gate, "HEAD_STEPS", 3)
    rows = [line.split(" | ")[:2] for line in pages.markdown(gate.table([trained])).splitlines()[2:]]
    assert rows == [["| correct", "4"], *([f"| {kind}", "1"] for kind in [*gate.CONVERSIONS, *gate.CHECKPOINTS])]


def test_held_out_texts_are_judged_in_fp32_and_both_int8_arithmetics(
    trained: Trained, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(held_out, "_before", lambda trained: trained.built)
    table = held_out.table(trained)
    accuracy, agreement, *_ = [line.strip("| ").split(" | ") for line in pages.markdown(table).splitlines()[2:]]
    expected = parity.probabilities(source, TEXTS).argmax(axis=1)
    right = np.mean(
        [source.labels[place] == text.label for place, text in zip(expected, trained.held_out, strict=True)]
    )
    assert accuracy[:2] == ["accuracy", f"{right:.1%}"]
    assert agreement[-1] == agreement[-2], "both arithmetics are the same here"
