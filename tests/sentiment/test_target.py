"""Where a command works: options, a named stack, the environment, `make local`, the stack dev, in this order."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

import sentiment.target
from sentiment.errors import CommandError
from sentiment.running import announced, running
from sentiment.target import PLACES, find
from tests.pulumi_stand_in import PulumiStandIn
from tests.sentiment.place import Run
from tools.local.program import ROOT

STATE = {
    "queue_url": "http://127.0.0.1:4566/1/local",
    "dead_letter_queue_url": "http://127.0.0.1:4566/1/local-dlq",
    "table_name": "local",
    "region": "us-west-2",
    "endpoint_url": "http://127.0.0.1:4566",
    "credentials": {"aws_access_key_id": "local", "aws_secret_access_key": "local"},
}
OUTPUTS = {
    "queueUrl": "https://sqs.us-west-2.amazonaws.com/1/dev",
    "queueArn": "arn:aws:sqs:us-west-2:1:dev",
    "deadLetterQueueUrl": "dlq",
    "tableName": "dev",
}


@pytest.fixture(autouse=True)
def nothing_known(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("STACK", "AWS_ENDPOINT_URL", *(place.variable for place in PLACES.values())):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr(sentiment.target, "running", lambda: None)


@pytest.fixture
def local_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sentiment.target, "running", lambda: STATE)


@pytest.fixture
def deployed(pulumi_cli: PulumiStandIn) -> PulumiStandIn:
    pulumi_cli.outputs = OUTPUTS
    return pulumi_cli


def test_options_come_first_and_nothing_else_is_asked(local_runs: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUEUE_URL", "from-environment")
    found = find({"queue_url"}, queue_url="https://sqs.eu-west-1.amazonaws.com/1/given")
    assert (found.queue_url, found.region, found.endpoint_url) == (
        "https://sqs.eu-west-1.amazonaws.com/1/given",
        "eu-west-1",
        None,
    )


def test_the_environment_comes_before_a_make_local(local_runs: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RESULTS_TABLE", "mine")
    assert find({"table_name"}).table_name == "mine"
    both = find({"table_name", "queue_url"})
    assert (both.table_name, both.queue_url) == ("mine", STATE["queue_url"])


def test_a_make_local_that_runs_is_found_with_its_credentials(local_runs: None) -> None:
    found = find({"queue_url"})
    assert (found.queue_url, found.endpoint_url) == (STATE["queue_url"], STATE["endpoint_url"])
    assert found.client("sqs").meta.endpoint_url == STATE["endpoint_url"]
    assert "make local at http://127.0.0.1:4566" in found.source


def test_a_stack_that_is_named_comes_before_environment_and_make_local(
    local_runs: None, deployed: PulumiStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QUEUE_URL", "from-environment")
    found = find({"queue_url", "table_name"}, stack="prod")
    assert (found.queue_url, found.table_name, found.region) == (OUTPUTS["queueUrl"], "dev", "us-west-2")
    assert deployed.calls == [["stack", "output", "--json", "--stack", "prod"]]
    monkeypatch.setenv("STACK", "prod")  # as `make send STACK=prod` does
    assert find({"queue_url"}) == find({"queue_url"}, stack="prod")


def test_a_make_local_is_passed_over_where_another_endpoint_is_meant(local_runs: None, deployed: PulumiStandIn) -> None:
    assert find({"queue_url"}, endpoint_url="http://elsewhere").source == "stack dev"
    assert find({"queue_url"}, endpoint_url=STATE["endpoint_url"]).queue_url == STATE["queue_url"]


def test_without_any_other_sign_it_is_the_stack_dev(deployed: PulumiStandIn) -> None:
    assert find({"dead_letter_queue_url"}).source == "stack dev"
    assert deployed.calls == [["stack", "output", "--json", "--stack", "dev"]]


def test_a_stack_that_was_not_deployed_or_does_not_exist_is_told(deployed: PulumiStandIn, run: Run) -> None:
    deployed.outputs = {}
    with pytest.raises(CommandError, match="stack dev: exports no queueUrl; has it been deployed"):
        find({"queue_url"})
    (deployed.place / "outputs.json").write_text("no state")
    done = run("send", "texts.jsonl", "--stack", "nosuch")
    assert done.code == 2
    assert "stack nosuch: error: no stack found" in done.err


def test_without_the_pulumi_cli_the_other_ways_are_named(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    done = run("results", "--all")
    assert done.code == 2
    assert "the Pulumi CLI is not on the PATH" in done.err
    assert "(or start `make local`, or give --table-name)" in done.err


def test_a_make_local_is_known_while_it_runs_and_not_after(tmp_path: Path) -> None:
    path = tmp_path / "serve.json"
    assert running(path) is None
    with announced(STATE, path) as known:
        assert known
        assert running(path) == STATE
        with announced({"another": "one"}, path) as second:
            assert not second
        assert running(path) == STATE
    assert running(path) is None
    with announced(STATE, path) as again:
        assert again


def test_a_make_local_that_was_killed_is_not_found(tmp_path: Path) -> None:
    path = tmp_path / "serve.json"
    program = (
        "import os, pathlib, signal, sys; from sentiment.running import announced\n"
        "with announced({'queue_url': 'gone'}, pathlib.Path(sys.argv[1])): os.kill(os.getpid(), signal.SIGKILL)"
    )
    subprocess.run([sys.executable, "-c", program, str(path)], cwd=ROOT, check=False)
    assert json.loads(path.read_text()) == {"queue_url": "gone"}, "it had no chance to tidy up"
    assert running(path) is None
