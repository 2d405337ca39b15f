"""Models of other kinds than the default, end to end: build, image, pipeline, smoke test, results."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest

from function.build_model import build
from tests.model_kinds import THREE_LABELS, make_kind
from tests.stacks import DEV
from tests.tools.local.docker.images import Built
from tests.tools.release.lambda_front import VERSION, front_of
from tests.waiting import HANG_S
from tools.local.docker.build import build_stack
from tools.local.docker.container import ContainerStart
from tools.local.docker.engine import Engine
from tools.local.program import ROOT
from tools.local.stack import LocalPipeline
from tools.release.smoke.__main__ import Verdict, judge

KINDS = {"roberta": {"num_hidden_layers": 6}, "bert": {"num_hidden_layers": 12}}
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local"}


@pytest.fixture(params=KINDS)
def model(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    """A folder in function/models, with three labels."""
    kind: str = request.param
    source = make_kind(kind, tmp_path / "source", **KINDS[kind])
    output = ROOT / "function" / "models" / f"test-{kind}"
    build(str(source), None, "onnx", output, max_disagreement=1, max_mean_difference=1)  # random weights
    yield output
    shutil.rmtree(output)


def test_a_model_of_another_kind_works_from_build_to_results(
    model: Path,
    engine: Engine,
    registry: str,
    demo: Built,  # so that Docker is there, and has cached the base and the libraries
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    recording = build_stack(engine, registry, DEV, modelId=f"./models/{model.name}")
    image = recording.one("aws:lambda/function:Function").inputs["imageUri"]
    with (
        LocalPipeline(DEV, start=ContainerStart(engine, image), model_dir=model, batchWindowSeconds=0) as local,
        front_of(local) as url,
    ):
        region = local.function_config.region
        for name, value in {**CREDENTIALS, "AWS_ENDPOINT_URL": url, "AWS_DEFAULT_REGION": region}.items():
            monkeypatch.setenv(name, value)
        outputs = {
            "functionName": local.function_config.name,
            "aliasArn": local.function_config.arn,
            "queueUrl": local.queue_url,
            "tableName": local.table_name,
        }
        verdict = judge(boto3.Session(), outputs, HANG_S)
        said = capsys.readouterr().out
        assert verdict == Verdict.RIGHT, said
        assert f"smoke: version {VERSION} answers 5 texts as its model did when built" in said
        results = subprocess.run(
            [sys.executable, "-m", "sentiment", "results", "--all"],
            cwd=ROOT,
            env={**os.environ, "RESULTS_TABLE": local.table_name},
            capture_output=True,
            text=True,
            timeout=HANG_S,
        )
        stored = {item["sentiment"] for item in local.results().values()}
    assert results.returncode == 0, results.stderr
    assert stored
    assert stored <= set(THREE_LABELS)
    assert all(label in results.stdout for label in stored)
