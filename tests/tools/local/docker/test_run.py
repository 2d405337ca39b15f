"""The pushed image runs as on Lambda: read-only, unprivileged, limited, with only its Runtime API and endpoint."""

import asyncio
import json
import os
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.stacks import DEV
from tests.tools.local.docker.images import NEEDS_ROOT, Built
from tools.local.docker.container import Container, ContainerStart
from tools.local.docker.engine import Engine
from tools.local.docker.gate import Demand
from tools.local.docker.private_network import Attempts, attempts, private_network
from tools.local.lambda_service import LambdaService
from tools.local.program import ROOT
from tools.local.stack import LocalPipeline

PATIENCE_SECONDS = 60
IDLE_SECONDS = 12  # ONNX Runtime's telemetry, if it is on, tries every 8 s
NOBODY = "192.0.2.1"  # reserved for documentation (RFC 5737); the network has no route out


@pytest.fixture(scope="module")
def run(engine: Engine, demo: Built) -> Iterator[ContainerStart]:
    """Starts the image in a network that has only what these tests serve; this thread joins it."""
    if os.geteuid():
        pytest.skip(NEEDS_ROOT)
    with private_network(engine, demo.uri) as network:
        asyncio.set_event_loop(asyncio.new_event_loop())  # Pulumi's existing threads stay in the other network
        yield ContainerStart(engine, demo.uri, network)
    asyncio.set_event_loop(asyncio.new_event_loop())


@pytest.fixture(scope="module")
def local(run: ContainerStart) -> Iterator[LocalPipeline]:
    """The pipeline with the image as its function."""
    with LocalPipeline(DEV, start=run, batchWindowSeconds=1) as stack:
        yield stack


def event(name: str) -> dict[str, Any]:
    return json.loads((ROOT / "tests" / "function" / "events" / name).read_text())


def container(function: LambdaService) -> Container:
    process = function.environments[0].process
    assert isinstance(process, Container)
    return process


def test_the_container_answers_a_direct_invocation(local: LocalPipeline) -> None:
    response = json.loads(local.function.invoke(event("direct.json")).payload)
    assert response["statusCode"] == 200
    assert {result["id"]: result["sentiment"] for result in response["results"]} == {
        "test-1": "POSITIVE",
        "test-2": "NEGATIVE",
    }


def test_the_results_of_a_recorded_sqs_event_reach_the_table(local: LocalPipeline) -> None:
    answer = local.function.invoke(event("sqs_batch.json"))
    assert json.loads(answer.payload) == {"batchItemFailures": []}
    results = local.results()
    assert (results["review-1"]["sentiment"], results["review-2"]["sentiment"]) == ("POSITIVE", "NEGATIVE")


def test_queued_messages_reach_the_table_or_the_dead_letter_queue(local: LocalPipeline) -> None:
    for body in ('{"id": "queued", "text": "I love it."}', "not json"):
        local.sqs.send_message(QueueUrl=local.queue_url, MessageBody=body)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while local.depth(local.queue_url):
        assert time.monotonic() < deadline, "the queue did not drain"
        time.sleep(0.1)
    assert local.results()["queued"]["sentiment"] == "POSITIVE"
    assert "not json" in [message["Body"] for message in local.dead_letters()]


def test_the_container_has_lambdas_limits_and_user(run: ContainerStart, local: LocalPipeline) -> None:
    local.function.invoke(event("direct.json"))
    shown = json.loads(run.engine.run("inspect", container(local.function).id))[0]["HostConfig"]
    memory_bytes = 512 * 2**20
    assert shown["ReadonlyRootfs"]
    assert (shown["Memory"], shown["MemorySwap"]) == (memory_bytes, memory_bytes)
    assert shown["NanoCpus"] == 290_000_000, "512 of the 1,769 MB that buy one vCPU"
    assert run.engine.run("exec", container(local.function).id, "id", "-u") == "993"


def test_the_function_writes_no_file_even_if_it_could(
    run: ContainerStart, local: LocalPipeline, tmp_path: Path
) -> None:
    writable = replace(run, read_only=False)
    with LambdaService(local.function_config, max_concurrency=1, log_file=tmp_path / "log", start=writable) as function:
        answers = [function.invoke(event(name)) for name in ("direct.json", "sqs_batch.json")]
        container_id = container(function).id
        assert [answer.error for answer in answers] == [None, None]
        assert run.engine.run("diff", container_id) == ""
        assert run.engine.run("exec", container_id, "find", "/tmp", "-type", "f") == ""


def test_docker_diff_shows_a_written_file(engine: Engine, demo: Built) -> None:
    """The previous test relies on this."""
    container_id = engine.run("create", "--entrypoint=touch", demo.uri, "/var/written")
    engine.run("start", "--attach", container_id)
    seen = engine.run("diff", container_id)
    engine.run("rm", container_id)
    assert "A /var/written" in seen


def test_the_function_connects_only_to_its_runtime_api(run: ContainerStart, demand: Demand, tmp_path: Path) -> None:
    with private_network(run.engine, run.image) as alone:  # without the other tests' poller
        start = replace(run, network=alone)
        with LambdaService(demand.function, max_concurrency=1, log_file=tmp_path / "log", start=start) as function:
            invocation = function.invoke(event("direct.json"))
            time.sleep(IDLE_SECONDS)
            assert invocation.error is None
            assert attempts() == Attempts(tcp_opened=1, udp_sent=0, unroutable=0)


def test_the_counters_include_a_failed_connection_attempt(run: ContainerStart) -> None:
    """The previous test relies on this."""
    program = f"import socket; socket.socket().connect_ex(('{NOBODY}', 443))"
    with private_network(run.engine, run.image) as alone:
        run.engine.run("run", "--rm", f"--network={alone}", "--entrypoint=python", run.image, "-c", program)
        assert attempts() == Attempts(tcp_opened=0, udp_sent=0, unroutable=1)
