"""A command finds its target in options, a named stack, the environment, `make local`, then the stack dev."""

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
from tests.sentiment.place import Place, Run
from tools.local.cloud import Cloud
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


def queried_stacks(cli: PulumiStandIn) -> set[str]:
    """The stacks whose outputs and configuration the CLI was asked for."""
    assert {tuple(call[:2]) for call in cli.calls} == {("stack", "output"), ("config", "--json")}
    return {call[-1] for call in cli.calls}


def test_options_take_precedence_over_everything_else(local_runs: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUEUE_URL", "from-environment")
    found = find({"queue_url"}, queue_url="https://sqs.eu-west-1.amazonaws.com/1/given")
    assert (found.queue_url, found.region, found.endpoint_url) == (
        "https://sqs.eu-west-1.amazonaws.com/1/given",
        "eu-west-1",
        None,
    )


def test_the_environment_takes_precedence_over_make_local(local_runs: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RESULTS_TABLE", "mine")
    assert find({"table_name"}).table_name == "mine"
    both = find({"table_name", "queue_url"})
    assert (both.table_name, both.queue_url) == ("mine", STATE["queue_url"])


def test_a_running_make_local_is_found_with_its_credentials(local_runs: None) -> None:
    found = find({"queue_url"})
    assert (found.queue_url, found.endpoint_url) == (STATE["queue_url"], STATE["endpoint_url"])
    assert found.client("sqs").meta.endpoint_url == STATE["endpoint_url"]
    assert "make local at http://127.0.0.1:4566" in found.source


def test_a_named_stack_takes_precedence_over_environment_and_make_local(
    local_runs: None, deployed: PulumiStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QUEUE_URL", "from-environment")
    found = find({"queue_url", "table_name"}, stack="prod")
    assert (found.queue_url, found.table_name, found.region) == (OUTPUTS["queueUrl"], "dev", "us-west-2")
    assert queried_stacks(deployed) == {"prod"}
    monkeypatch.setenv("STACK", "prod")  # as `make send STACK=prod` does
    assert find({"queue_url"}) == find({"queue_url"}, stack="prod")


def test_make_local_is_ignored_when_another_endpoint_is_given(local_runs: None, deployed: PulumiStandIn) -> None:
    assert find({"queue_url"}, endpoint_url="http://elsewhere").source == "stack dev"
    assert find({"queue_url"}, endpoint_url=STATE["endpoint_url"]).queue_url == STATE["queue_url"]


def test_the_stack_dev_is_the_default(deployed: PulumiStandIn) -> None:
    assert find({"dead_letter_queue_url"}).source == "stack dev"
    assert queried_stacks(deployed) == {"dev"}


def test_a_stacks_aws_profile_applies_to_targets_found_in_its_outputs(
    deployed: PulumiStandIn, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deployed.configured(aws__region="us-west-2", aws__profile="acme")
    (tmp_path / "aws").write_text("[acme]\naws_access_key_id = of-acme\naws_secret_access_key = x\n")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "aws"))
    found = find({"queue_url"}, stack="prod")
    assert "of-acme" in found.client("sqs").generate_presigned_url("list_queues")
    assert found.source == "stack prod with its aws:profile acme"
    assert find({"queue_url"}, stack="prod", queue_url="https://sqs.eu-west-1.amazonaws.com/1/given").profile == ""
    deployed.configured(aws__profile="gone")
    done = run("results", "--all", "--stack", "prod")
    assert done.code == 2
    assert "stack prod with its aws:profile gone: The config profile (gone) could not be found" in done.err


def test_a_stack_that_is_missing_or_not_deployed_is_reported(deployed: PulumiStandIn, run: Run) -> None:
    deployed.outputs = {}
    with pytest.raises(CommandError, match="stack dev: exports no queueUrl; has it been deployed"):
        find({"queue_url"})
    (deployed.place / "outputs.json").write_text("no state")
    done = run("send", "texts.jsonl", "--stack", "nosuch")
    assert done.code == 2
    assert "stack nosuch: no stack found" in done.err


def test_the_error_without_the_pulumi_cli_names_the_alternatives(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    done = run("results", "--all")
    assert done.code == 2
    assert "the Pulumi CLI is not on the PATH" in done.err
    assert "(or start `make local`, or pass --table-name)" in done.err


def test_make_local_is_found_only_while_it_runs(tmp_path: Path) -> None:
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


def test_a_killed_make_local_is_not_found(tmp_path: Path) -> None:
    path = tmp_path / "serve.json"
    program = (
        "import os, pathlib, signal, sys; from sentiment.running import announced\n"
        "with announced({'queue_url': 'gone'}, pathlib.Path(sys.argv[1])): os.kill(os.getpid(), signal.SIGKILL)"
    )
    subprocess.run([sys.executable, "-c", program, str(path)], cwd=ROOT, check=False)
    assert json.loads(path.read_text()) == {"queue_url": "gone"}, "it had no chance to tidy up"
    assert running(path) is None


def test_the_endpoint_comes_from_the_option_then_the_service_then_the_general_variable(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("AWS_ENDPOINT_URL_SQS", "http://127.0.0.1:2")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-west-2")
    found = find({"queue_url"}, queue_url="http://127.0.0.1:2/1/q")
    assert found.client("sqs").meta.endpoint_url == "http://127.0.0.1:2"
    assert found.client("dynamodb").meta.endpoint_url == "http://127.0.0.1:1"
    option = find({"queue_url"}, queue_url="http://127.0.0.1:2/1/q", endpoint_url="http://127.0.0.1:3")
    assert option.client("sqs").meta.endpoint_url == "http://127.0.0.1:3"
    monkeypatch.setenv("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true")
    assert found.endpoint_of("sqs") is None


def test_make_local_is_ignored_when_a_services_variable_names_another_endpoint(
    local_runs: None, deployed: PulumiStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_SQS", "http://elsewhere")
    assert find({"queue_url"}).source == "stack dev"
    monkeypatch.setenv("AWS_ENDPOINT_URL_SQS", STATE["endpoint_url"])
    assert find({"queue_url"}).queue_url == STATE["queue_url"]


def test_an_endpoint_applies_to_a_named_stack_and_is_shown(
    place: Place, run: Run, deployed: PulumiStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    deployed.outputs = {**OUTPUTS, "queueUrl": place.queue_url}
    done = run("send", "-", "--stack", "prod", "--format", "nonsense", "--endpoint-url", place.cloud.url)
    assert f"Where: stack prod at {place.cloud.url}" in done.err
    monkeypatch.setenv("AWS_ENDPOINT_URL", place.cloud.url)
    assert f"Where: stack prod at {place.cloud.url}" in run("send", "-", "--stack", "prod", "--format", "x").err


def test_make_local_is_reached_despite_broken_aws_configuration_and_proxies(
    place: Place, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = {**STATE, "queue_url": place.queue_url, "endpoint_url": place.cloud.url}
    monkeypatch.setattr(sentiment.target, "running", lambda: state)
    (tmp_path / "config").write_text("[profile broken\nno ini")
    for variable in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION", "NO_PROXY", "no_proxy"):
        monkeypatch.delenv(variable, raising=False)
    for variable, value in {
        "AWS_PROFILE": "not-there",
        "AWS_CONFIG_FILE": str(tmp_path / "config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "config"),
        "HTTP_PROXY": "http://127.0.0.1:9",  # nothing listens on this port
        "http_proxy": "http://127.0.0.1:9",
    }.items():
        monkeypatch.setenv(variable, value)
    Path("texts.jsonl").write_text('{"id": "1", "text": "good"}\n')
    assert run("send", "texts.jsonl").code == 0, "with the environment variables that make local prints"
    for variable in ("AWS_ENDPOINT_URL", *(each.variable for each in PLACES.values())):
        monkeypatch.delenv(variable, raising=False)
    assert run("send", "texts.jsonl").code == 0
    assert [item["id"] for item in place.items()] == ["1", "1"]
    with Cloud("us-west-2") as cloud:
        assert cloud.client("sqs").list_queues()["ResponseMetadata"]["HTTPStatusCode"] == 200
