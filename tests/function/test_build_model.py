"""build_model, with real torch and transformers on a tiny DistilBERT: its output, and its refusals."""

import re
import stat
from pathlib import Path

import onnx
import onnxruntime
import pytest
import torch
from transformers import PreTrainedModel

from function import build_model
from function.build_model import MAX_DISAGREEMENT, MAX_MEAN_DIFFERENCE
from function.classifier import load
from function.manifest import Manifest, sha256
from function.model_build import onnx_graph, parity
from function.model_build.parity import Parity
from tests.tiny_model import TINY_LABELS

pytestmark = pytest.mark.slow(reason="builds models with torch")

WRITE = onnx_graph.write


def arguments(source: Path, output: Path, *more: str) -> list[str]:
    return ["--model", str(source), "--backend", "onnx", "--output", str(output), *more]


def scrambled(model: PreTrainedModel, path: Path) -> None:
    """Writes a graph with the classifier's last layer negated, so that every label flips."""
    with torch.no_grad():
        for parameter in model.classifier.parameters():
            parameter.neg_()
        WRITE(model, path)
        for parameter in model.classifier.parameters():
            parameter.neg_()


@pytest.mark.parametrize("backend", ["onnx", "torch"])
def test_the_manifest_describes_the_folder(backend: str, request: pytest.FixtureRequest, tiny_source: Path) -> None:
    folder: Path = request.getfixturevalue(f"{backend}_model")
    manifest = Manifest.read(folder)
    assert manifest.model_id == "test/tiny"
    assert manifest.model_revision == sha256(tiny_source / "model.safetensors")[:12]
    assert manifest.backend == backend
    assert manifest.labels == TINY_LABELS, "labels come from the model's config"
    assert manifest.max_tokens == 512
    assert set(manifest.files) == {path.name for path in folder.iterdir()} - {"manifest.json"}
    manifest.check_digests(folder)


@pytest.mark.parametrize("backend", ["onnx", "torch"])
def test_the_manifest_records_the_parity_figures(backend: str, request: pytest.FixtureRequest) -> None:
    figures = Parity(**Manifest.read(request.getfixturevalue(f"{backend}_model")).parity)
    assert figures.texts > len(parity.sentences()) >= 100
    assert figures.faults(MAX_DISAGREEMENT, MAX_MEAN_DIFFERENCE) == []
    assert figures.decided > figures.texts / 2
    if backend == "torch":
        assert figures.flipped == 0
        assert figures.max_score_difference < 0.0001


def test_the_tiny_model_uses_both_labels_on_the_parity_sentences(torch_model: Path) -> None:
    assert {answer.label for answer in load(torch_model).classify(parity.sentences())} == set(TINY_LABELS)


def test_any_user_can_read_the_built_folder(torch_model: Path, onnx_model: Path) -> None:
    for folder in (torch_model, onnx_model):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o755, "Lambda runs as a different user from the image's builder"
        assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o644}


def test_the_onnx_graph_stores_int8_and_takes_any_batch_size_and_length(onnx_model: Path) -> None:
    graph = onnx.load(onnx_model / "model.onnx").graph
    matrices = [tensor for tensor in graph.initializer if len(tensor.dims) == 2 and min(tensor.dims) > 2]
    in_fp32 = {tuple(tensor.dims) for tensor in matrices if tensor.data_type == onnx.TensorProto.FLOAT}
    assert in_fp32 == {(512, 64)}, "only the positions stay in fp32"
    session = onnxruntime.InferenceSession(onnx_model / "model.onnx", providers=["CPUExecutionProvider"])
    assert {tensor.name: tensor.shape for tensor in session.get_inputs()} == {
        "input_ids": ["tokens"],
        "positions": ["tokens"],
        "places": ["texts", "longest"],
        "tokens": ["tokens"],
        "first": ["texts"],
        "mask": ["texts", 1, 1, "longest"],
    }


def test_a_build_that_flips_labels_fails_and_leaves_nothing_behind(
    tiny_source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(onnx_graph, "write", scrambled)
    assert build_model.main(arguments(tiny_source, tmp_path / "model")) == 1
    said = capsys.readouterr().err
    assert re.search(r"(\d+) of the \1 texts on which fp32 is decided get another label; \d may; scores", said), said
    assert list(tmp_path.iterdir()) == [], "neither the folder nor the scratch folder may remain"


def test_a_failed_build_keeps_the_earlier_model(
    tiny_source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    output = tmp_path / "model"
    assert build_model.main(arguments(tiny_source, output)) == 0
    before = load(output).manifest
    monkeypatch.setattr(onnx_graph, "write", scrambled)
    assert build_model.main(arguments(tiny_source, output)) == 1
    assert load(output).manifest == before


def test_a_build_replaces_an_earlier_model(torch_model: Path, tmp_path: Path) -> None:
    output = tmp_path / "model"
    for model_id in ("first", "second"):
        build_model.build(str(torch_model), "r1", "torch", output, model_id=model_id)
    assert Manifest.read(output).model_id == "second"
    assert list(tmp_path.iterdir()) == [output]


def test_a_build_never_replaces_a_folder_that_is_not_a_model(
    tiny_source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    assert build_model.main(arguments(tiny_source, tmp_path)) == 1
    assert "not a model folder" in capsys.readouterr().err
    assert (tmp_path / "thesis.txt").exists()


def test_a_hub_model_without_a_pinned_revision_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert build_model.main(arguments(Path("someone/some-model"), tmp_path / "model")) == 1
    assert "--revision" in capsys.readouterr().err


def test_a_folder_without_a_model_is_refused_without_a_traceback(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty").mkdir()
    assert build_model.main(arguments(tmp_path / "empty", tmp_path / "model")) == 1
    assert capsys.readouterr().err.startswith("build_model: error: ")
    assert not (tmp_path / "model").exists()
