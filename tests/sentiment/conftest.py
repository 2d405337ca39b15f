"""Fixtures: a stack's queues and table in moto, and the command line."""

import os
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from sentiment.__main__ import main
from sentiment.dlq import queue as dead_letter_queue
from tests.sentiment.place import REGION, Outcome, Place, Run
from tools.local.cloud import Cloud
from tools.local.program import ROOT

numbers = count()


@pytest.fixture(scope="session")
def cloud() -> Iterator[Cloud]:
    with Cloud(REGION) as cloud:
        yield cloud


@pytest.fixture
def place(cloud: Cloud, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Place:
    """Queues and a table for this test alone, which environment variables name."""
    sqs, dynamodb, name = cloud.client("sqs"), cloud.client("dynamodb"), f"texts-{next(numbers)}"
    dead = sqs.create_queue(QueueName=f"{name}-dlq")["QueueUrl"]
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    dynamodb.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
    )
    found = Place(cloud, sqs, dynamodb, url, dead, name)
    monkeypatch.delenv("STACK", raising=False)
    for variable, value in found.environment.items():
        monkeypatch.setenv(variable, value)
    monkeypatch.setattr(dead_letter_queue, "WAIT_SECONDS", 0)  # a short poll suffices: moto has one server
    monkeypatch.chdir(tmp_path)
    return found


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run the command line in this process, on the queues and the table of `place`."""

    def run_it(*arguments: object) -> Outcome:
        capsys.readouterr()
        monkeypatch.setattr("sys.argv", ["sentiment", *map(str, arguments)])
        code = main()
        said = capsys.readouterr()
        return Outcome(code, said.out, " ".join(said.err.split()))  # the console wraps lines at the screen's width

    return run_it


@pytest.fixture
def outside(place: Place) -> dict[str, str]:
    """The environment for the command line in another process."""
    return {**os.environ, **place.environment, "PYTHONPATH": str(ROOT)}
