"""End to end: the stack that the program registers runs on the embedded cloud, with the real runtime client."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.stacks import DEV
from tests.waiting import HANG_S, eventually
from tools.local.program import ROOT
from tools.local.stack import LocalPipeline

pytestmark = pytest.mark.slow(reason="runs whole pipelines")


@pytest.fixture(scope="module")
def local() -> Iterator[LocalPipeline]:
    with LocalPipeline(DEV, batchWindowSeconds=1, maxConcurrency=2) as stack:
        yield stack


def send(local: LocalPipeline, *bodies: Any) -> None:
    for body in bodies:
        text = body if isinstance(body, str) else json.dumps(body)
        local.sqs.send_message(QueueUrl=local.queue_url, MessageBody=text)


def drain(local: LocalPipeline) -> None:
    eventually(lambda: local.depth(local.queue_url) == 0)


def test_texts_sent_to_the_queue_appear_as_results_in_the_table(local: LocalPipeline) -> None:
    send(
        local,
        {"id": "good", "text": "This is amazing! I love it."},
        {"items": [{"id": "bad", "text": "Terrible, worst experience ever."}]},
    )
    drain(local)
    results = local.results()
    assert {item_id: results[item_id]["sentiment"] for item_id in ("good", "bad")} == {
        "good": "POSITIVE",
        "bad": "NEGATIVE",
    }
    assert results["good"]["model_id"] == "sentiment-analyzer/demo"
    assert int(results["good"]["expires_at"]) > time.time()  # the dev stack keeps results for 30 days


def test_a_poison_message_reaches_the_dead_letter_queue_with_its_reason(local: LocalPipeline) -> None:
    send(local, "not json", {"id": "poison-neighbour", "text": "fine"})
    drain(local)
    assert "poison-neighbour" in local.results()
    (dead,) = local.dead_letters()
    assert dead["Body"] == "not json"
    assert dead["MessageAttributes"]["ErrorCode"]["StringValue"] == "InvalidJson"


def test_duplicates_and_late_messages_leave_the_newest_result(local: LocalPipeline) -> None:
    new = {"id": "same", "text": "the newest", "timestamp": "2026-11-02T00:00:00Z"}
    old = {"id": "same", "text": "an older one", "timestamp": "2026-11-01T00:00:00Z"}
    send(local, new, new, old)
    drain(local)
    assert local.results()["same"]["text"] == "the newest"


def test_a_direct_invocation_returns_an_answer_and_stores_nothing(local: LocalPipeline) -> None:
    invocation = local.function.invoke({"items": [{"id": "direct", "text": "I love it."}]})
    response = json.loads(invocation.payload)
    assert response["statusCode"] == 200
    assert response["results"][0]["sentiment"] == "POSITIVE"
    assert "direct" not in local.results()


def test_the_local_function_uses_the_registered_configuration(local: LocalPipeline) -> None:
    given = local.recording.one("aws:lambda/function:Function").inputs
    config = local.function_config
    assert (config.memory_mb, config.timeout_s) == (given["memorySize"], given["timeout"])
    assert given["environment"]["variables"].items() <= config.environment.items()
    assert config.credentials["AWS_ACCESS_KEY_ID"].startswith("ASIA"), "expected the role's temporary credentials"


def test_the_demo_accounts_for_every_message() -> None:
    demo = subprocess.run(
        [sys.executable, "-m", "tools.local", "demo"],
        cwd=ROOT,
        env={**os.environ, "COLUMNS": "120"},
        capture_output=True,
        text=True,
        timeout=HANG_S,
    )
    assert demo.returncode == 0, demo.stdout + demo.stderr
    assert "Every message is accounted for." in demo.stdout


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--stack", "nowhere"], "there is no Pulumi.nowhere.yaml; the stacks are dev, prod"),
        (["--model", "no/such/folder"], "there is no model folder"),
    ],
)
def test_the_demo_explains_a_wrong_argument(arguments: list[str], says: str) -> None:
    command = [sys.executable, "-m", "tools.local", "demo", *arguments]
    demo = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=HANG_S)
    assert demo.returncode == 2
    assert says in " ".join(demo.stdout.split())
    assert "Traceback" not in demo.stdout + demo.stderr


def test_the_pipeline_fails_at_once_if_its_port_is_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(OSError, match="in use"):
        LocalPipeline(DEV, port=taken.getsockname()[1]).__enter__()
