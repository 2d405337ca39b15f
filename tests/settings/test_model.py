"""The memory and the latency alarm's threshold that a local model needs, by its size."""

from pathlib import Path
from typing import Any

import pulumi
import pytest

import settings.model
from function.manifest import Manifest, Shape
from function.memory import needed_mb
from settings import SettingsError
from tests.stacks import DEV
from tools.local.program import run

XLM_R = Shape(layers=12, width=768, inner=3072, heads=12, words=250_002)
TINY = Shape(layers=2, width=128, inner=512, heads=2, words=5_000)


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder in which the settings look for a model's manifest."""
    monkeypatch.setattr(settings.model, "ROOT", tmp_path)
    return tmp_path / "function" / "models"


def built(models: Path, shape: Shape, backend: str = "onnx") -> str:
    folder = models / "mine"
    folder.mkdir(parents=True)
    Manifest("mine", "1", backend, ("BAD", "GOOD"), 512, files={}, sizes={}, parity={}, shape=shape).write(folder)
    return "./models/mine"


def faults(**changes: Any) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        run(DEV, **changes)
    return [fault.strip() for fault in caught.value.faults]


@pytest.mark.parametrize("backend", ["onnx", "torch"])
def test_too_little_memory_for_a_local_model_is_refused_with_the_minimum(models: Path, backend: str) -> None:
    model, least = built(models, XLM_R, backend), needed_mb(XLM_R, backend)
    assert faults(modelId=model, inferenceBackend=backend, memoryMb=least - 1) == [
        f"memoryMb: {least - 1} must be at least {least} MB with inferenceBackend {backend} and a model the size of "
        "./models/mine"
    ]


def test_a_larger_model_needs_more_memory(models: Path) -> None:
    assert (
        needed_mb(TINY, "onnx") < settings.model.least_memory_mb("owner/on-the-hub", "onnx") < needed_mb(XLM_R, "onnx")
    )
    assert settings.model.least_memory_mb(built(models, TINY), "onnx") == needed_mb(TINY, "onnx")


@pytest.mark.parametrize(
    ("shape", "memory_mb", "threshold_ms", "fits"),
    [(XLM_R, 768, 150, False), (XLM_R, 768, 200, True), (XLM_R, 1024, 150, True), (TINY, 192, 150, True)],
)
def test_the_latency_warning_depends_on_model_size_and_memory(
    models: Path, shape: Shape, memory_mb: int, threshold_ms: int, fits: bool
) -> None:
    warning = settings.model.latency_warning(built(models, shape), "", memory_mb, threshold_ms)
    assert (warning is None) is fits
    if warning:
        assert f"at {threshold_ms} ms: ./models/mine takes 2.0 times as long as DistilBERT" in warning
        assert f"the function has {memory_mb} MB. Set it to 200 or more" in warning


@pytest.mark.parametrize(("model_id", "image_uri"), [("owner/on-the-hub", ""), ("./models/mine", "an image")])
def test_a_model_of_unknown_size_gets_no_latency_warning(models: Path, model_id: str, image_uri: str) -> None:
    built(models, XLM_R)
    assert settings.model.latency_warning(model_id, image_uri, 512, 1) is None


def test_the_program_warns_if_the_latency_threshold_is_too_low(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr(pulumi.log, "warn", lambda message, *_: said.append(message))
    run(DEV)
    assert said == []
    run(DEV, memoryMb=384)
    assert [line.partition(":")[0] for line in said] == ["inferenceLatencyThresholdMs"]
    assert "Set it to 200 or more" in said[0]
