"""The load test on the real pipeline: its output, what it detects, and its exit status."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from sentiment.target import Target
from tests.stacks import DEV
from tests.waiting import HANG_S
from tools.load import pipeline as pipeline_module
from tools.load import run
from tools.load.ledger import Ledger
from tools.load.pipeline import local_pipeline
from tools.load.plan import Kind, Plan
from tools.load.texts import pool
from tools.local.cloud import ANY_CREDENTIALS
from tools.local.program import ROOT
from tools.local.stack import DEMO_MODEL, LocalPipeline

pytestmark = pytest.mark.slow(reason="puts load on whole pipelines, for seconds each")

TEXTS = 60


def load(folder: Path, *options: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tools.load", "--rate", "20", "--duration", "3", "--output", folder, *options],
        cwd=ROOT,
        env={**os.environ, "COLUMNS": "200", **environment},
        capture_output=True,
        text=True,
        timeout=HANG_S,
    )


def test_a_run_accounts_for_every_text_and_fails_on_a_missed_objective(tmp_path: Path) -> None:
    lenient = ("--max-late-percent", "100", "--min-throughput-percent", "0")
    ended = load(tmp_path, "--ceiling-seconds", "1", "--max-p95-ms", "1", *lenient)
    assert ended.returncode == 1, ended.stdout + ended.stderr
    assert "Missed:" in ended.stdout
    found = json.loads((tmp_path / "load.json").read_text())
    assert [each.split()[0] for each in found["missed"]] == ["p95"]
    figures = found["figures"]
    assert (figures["sent"], figures["stored"]) == (TEXTS, TEXTS)
    assert (figures["lost"], figures["duplicated"], figures["dead"], figures["unsent"]) == (0, 0, 0, 0)
    assert figures["cold_starts"] >= 1
    assert figures["peak_mb"]["function"] > 50, "the sampler sees the runtime's processes"
    assert sum(found["series"]["stored"]) == TEXTS
    assert found["ceiling"]["rate"] > 0
    assert {"waiting", "in_flight", "dead", "cpu_s"} <= found["samples"][0].keys()
    page = (tmp_path / "load.html").read_text()
    assert "60 stored, 0 lost, 0 duplicated" in page
    assert 'src="data:image/png;base64,iVBOR' in page
    assert "http" not in page.replace("http-equiv", ""), "the page loads nothing else"


@pytest.fixture
def served() -> Iterator[LocalPipeline]:
    with LocalPipeline(DEV, batchWindowSeconds=1) as stack:
        yield stack


def test_a_deployed_stack_is_timed_by_its_stored_results(tmp_path: Path, served: LocalPipeline) -> None:
    known = {name.upper(): value for name, value in ANY_CREDENTIALS.items()}
    places = {
        "QUEUE_URL": served.queue_url,
        "DEAD_LETTER_QUEUE_URL": served.dead_letter_queue_url,
        "RESULTS_TABLE": served.table_name,
        "AWS_ENDPOINT_URL": served.cloud.url,
        "AWS_DEFAULT_REGION": served.cloud.region,
    }
    lenient = ("--max-p95-ms", "60000", "--max-late-percent", "100", "--min-throughput-percent", "0")
    ended = load(tmp_path, "--deployed", *lenient, **known, **places)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    figures = json.loads((tmp_path / "load.json").read_text())["figures"]
    assert (figures["stored"], figures["lost"], figures["cold_starts"]) == (TEXTS, 0, None)
    assert 0 < figures["latency_ms"]["p50"] <= figures["latency_ms"]["max"] < 60_000
    assert len(served.results()) == TEXTS


def test_a_bad_option_and_a_missing_model_are_refused(tmp_path: Path) -> None:
    ended = load(tmp_path, "--model", "no/such/folder", "--ceiling-seconds", "0")
    assert ended.returncode == 2
    assert "there is no model folder" in ended.stderr
    assert load(tmp_path, "--rate", "0").returncode == 2


@dataclass(frozen=True, kw_only=True)
class Unfaithful(Target):
    """A queue that claims to accept everything, but drops one text and stores another twice."""

    drops: str = ""
    doubles: str = ""

    def client(self, service: str, **config: Any) -> Any:
        sqs = super().client(service, **config)
        if service == "sqs":
            send = sqs.send_message_batch
            sqs.send_message_batch = lambda **request: self._send(send, **request)
        return sqs

    def _send(self, send: Any, **request: Any) -> Any:
        kept = [entry for entry in request["Entries"] if self.drops not in entry["MessageBody"]]
        again = [{**entry, "Id": f"{entry['Id']}-again"} for entry in kept if self.doubles in entry["MessageBody"]]
        return send(**{**request, "Entries": [*kept, *again]})


def test_a_lost_and_a_duplicated_text_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "GRACE_S", 0.5)
    ledger = Ledger(Plan(rate=20, duration_s=1, together=2))
    with local_pipeline(DEV, DEMO_MODEL, ledger) as pipeline:
        target = Unfaithful(**vars(pipeline.target), drops=ledger.id_of(7), doubles=ledger.id_of(12))
        found = run.run_load(
            ledger, replace(pipeline, target=target), pool(Kind.SENTENCES), 4, HANG_S, lambda *_: None
        ).accounting
    assert found.lost == {ledger.id_of(7)}
    assert found.duplicated == {ledger.id_of(12)}
    assert len(found.stored) == 19


def test_texts_still_queued_when_patience_ends_are_counted_as_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "GRACE_S", 0)
    monkeypatch.setattr(pipeline_module, "LocalPipeline", partial(LocalPipeline, consume=False))
    ledger = Ledger(Plan(rate=1000, duration_s=0.1, together=10))
    with local_pipeline(DEV, DEMO_MODEL, ledger) as pipeline:
        found = run.run_load(ledger, pipeline, pool(Kind.SENTENCES), 4, 0, lambda *_: None)
    assert found.left == len(found.accounting.lost) == 100
    assert not found.accounting.stored
    assert not found.accounting.duplicated
