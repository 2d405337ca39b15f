"""The unmodified examples run on the local pipeline, and so do a newcomer's first commands."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import sentiment.target
from sentiment.follow import wait_for
from sentiment.running import announced, running
from sentiment.table import Results
from sentiment.target import PLACES
from tests.sentiment.place import Run
from tests.stacks import DEV
from tests.waiting import HANG_S, eventually
from tools.local.program import ROOT
from tools.local.serve import state
from tools.local.stack import LocalPipeline

pytestmark = pytest.mark.slow(reason="runs a whole pipeline")

EXAMPLES = sorted(path.name for path in (ROOT / "examples").glob("*.py"))


@pytest.fixture(scope="module")
def local() -> Iterator[LocalPipeline]:
    with LocalPipeline(DEV, batchWindowSeconds=0) as stack:
        yield stack


def test_the_texts_of_the_examples_reach_the_table(local: LocalPipeline, tmp_path: Path) -> None:
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "QUEUE_URL": local.queue_url,
        "AWS_ENDPOINT_URL": local.cloud.url,
        "AWS_DEFAULT_REGION": local.cloud.region,
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
    }
    for name in EXAMPLES:
        subprocess.run([sys.executable, ROOT / "examples" / name], cwd=tmp_path, env=environment, check=True)
    results = Results(dynamodb=local.dynamodb, table_name=local.table_name)
    ids = ["plain-1", "plain-2", "producer-1", "producer-2"]
    pages = wait_for(results, ids, interval_s=0.1, patience_s=HANG_S)
    found = {result["id"]: result["sentiment"] for page in pages for result in page}
    assert found == dict(zip(ids, ["POSITIVE", "NEGATIVE", "POSITIVE", "NEGATIVE"], strict=True))


def test_a_newcomer_sends_and_reads_without_naming_a_target(
    local: LocalPipeline, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("STACK", "AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", *(place.variable for place in PLACES.values())):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(sentiment.target, "running", lambda: running(tmp_path / "serve.json"))
    texts, poison = tmp_path / "reviews.csv", {"id": "poison"}
    texts.write_text("id,text\n1,Great little café!\n2,It broke twice in a week.\n")
    with announced(state(local), tmp_path / "serve.json"):
        assert run("send", texts).code == 0
        read = run("results", "1", "2", "--follow", "--patience", HANG_S, "--interval", 0.1)
        assert (read.code, "1 POSITIVE (50.0%), 1 NEGATIVE (50.0%)" in read.out) == (0, True), read
        local.sqs.send_message(QueueUrl=local.queue_url, MessageBody=json.dumps(poison))
        eventually(lambda: local.depth(local.dead_letter_queue_url))
        assert "InvalidText" in run("dlq", "peek").out


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_stays_short(name: str) -> None:
    assert len((ROOT / "examples" / name).read_text().splitlines()) <= 20
