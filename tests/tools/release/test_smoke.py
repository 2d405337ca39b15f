"""The smoke test: wrong builds, queues with a backlog or paused, models with other labels."""

import io
import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from botocore.response import StreamingBody

from function.known_texts import KNOWN_TEXTS
from function.manifest import Manifest
from tests.pulumi_stand_in import PulumiStandIn
from tests.stacks import DEV
from tests.tools.release.lambda_front import VERSION, front_of
from tests.waiting import HANG_S
from tools.local.program import ROOT
from tools.local.stack import DEMO_MODEL, LocalPipeline
from tools.release import pulumi_cli as pulumi_cli_module
from tools.release.smoke.__main__ import Verdict
from tools.release.smoke.path import is_paused, send_through
from tools.release.smoke.version import Asked, Busy, ask

pytestmark = pytest.mark.slow(reason="runs whole pipelines")

REVISION = Manifest.read(DEMO_MODEL).model_revision
RESULT = {"text": "Good.", "sentiment": "gut", "score": 0.9, "built": {"sentiment": "gut", "score": 0.9}}
MODEL = {"model_id": "some/model", "model_revision": "abc", "backend": "onnx", "labels": ["gut", "schlecht"]}


def smoke(cli: PulumiStandIn, local: LocalPipeline, *options: str) -> tuple[int, str]:
    cli.outputs = {
        "queueUrl": local.queue_url,
        "tableName": local.table_name,
        "functionName": "classifier",
        "aliasArn": "arn:aws:lambda:us-west-2:123456789012:function:classifier:live",
    }
    credentials = {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local"}
    with front_of(local) as url:
        return run(*options, **credentials, AWS_ENDPOINT_URL=url)


def run(*options: str, **variables: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-m", "tools.release.smoke", "--stack", "dev", *options],
        cwd=ROOT,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        timeout=HANG_S,
    )
    return done.returncode, done.stdout + done.stderr


def model_with(folder: Path, **changes: Any) -> Path:
    """A copy of the demonstration model with a changed manifest."""
    shutil.copytree(DEMO_MODEL, folder)
    replace(Manifest.read(folder), **changes).write(folder)
    return folder


# The command, on the local pipeline


def test_a_correct_build_passes_the_direct_check_and_the_queue_check(pulumi_cli: PulumiStandIn) -> None:
    with LocalPipeline(DEV, batchWindowSeconds=0) as local:
        for _ in range(2):  # the first run's results remain, and the second run must not accept them
            status, said = smoke(pulumi_cli, local, "--patience", str(HANG_S))
            assert status == Verdict.RIGHT, said
            assert f"smoke: version {VERSION} answers 5 texts as its model did when built: sentiment-analyzer/d" in said
            assert "smoke: 5 of 5 right through the queue" in said
        assert {item["text"] for item in local.results().values()} == set(KNOWN_TEXTS)


def test_the_smoke_test_fails_a_wrong_build_and_sends_nothing(pulumi_cli: PulumiStandIn, tmp_path: Path) -> None:
    first, *others = Manifest.read(DEMO_MODEL).answers
    other = model_with(tmp_path / "model", answers=(replace(first, sentiment="NEGATIVE"), *others))
    with LocalPipeline(DEV, model_dir=other, consume=False) as local:
        status, said = smoke(pulumi_cli, local, "--queue-may-wait")
        assert (status, local.depth(local.queue_url)) == (Verdict.WRONG, 0), said
    score = f"{first.score:.3f}"
    assert f"version {VERSION}: POSITIVE {score}, but its model answered NEGATIVE {score} when it was built" in said
    assert f"the build is wrong: version {VERSION} (sentiment-analyzer/demo {REVISION})" in said


def test_the_smoke_test_reports_a_paused_queue_without_blaming_the_build(pulumi_cli: PulumiStandIn) -> None:
    with LocalPipeline(DEV, consume=False) as local:
        status, said = smoke(pulumi_cli, local, "--patience", str(HANG_S))
        assert (status, local.depth(local.queue_url)) == (Verdict.QUEUE_WAITS, 0), said
        assert smoke(pulumi_cli, local, "--queue-may-wait")[0] == Verdict.RIGHT
    assert "the queue is paused (consume: false), so nothing was sent through it" in said


def test_a_model_with_three_lowercase_labels_is_judged_by_its_own_answers(
    pulumi_cli: PulumiStandIn, three_label_model: Path
) -> None:
    with LocalPipeline(DEV, model_dir=three_label_model, batchWindowSeconds=0) as local:
        status, said = smoke(pulumi_cli, local, "--patience", str(HANG_S))
        labels = {item["sentiment"] for item in local.results().values()}
    assert status == Verdict.RIGHT, said
    assert labels == {answer.sentiment for answer in Manifest.read(three_label_model).answers}
    assert labels <= {"negative", "neutral", "positive"}


def test_a_model_without_recorded_answers_is_judged_by_its_current_answers(
    pulumi_cli: PulumiStandIn, tmp_path: Path
) -> None:
    with LocalPipeline(DEV, model_dir=model_with(tmp_path / "model", answers=()), batchWindowSeconds=0) as local:
        status, said = smoke(pulumi_cli, local, "--patience", str(HANG_S))
    assert status == Verdict.RIGHT, said
    assert "its build recorded no answers" in said
    assert "5 of 5 right through the queue" in said


def test_the_command_reports_why_it_cannot_read_the_outputs(pulumi_cli: PulumiStandIn) -> None:
    (pulumi_cli.place / "outputs.json").write_text("no state")
    status, said = run()
    assert status == Verdict.NOT_ASKED
    assert "pulumi stack output --json --stack dev: exit 1" in said


def test_the_command_reports_that_a_stack_was_never_deployed(pulumi_cli: PulumiStandIn) -> None:
    status, said = run()
    assert status == Verdict.NOT_ASKED
    missing = "functionName, aliasArn, queueUrl, tableName"
    assert f"smoke: stack 'dev' has no output {missing}: it has not been deployed yet" in said


def test_the_session_uses_the_profile_from_the_stack_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    credentials = tmp_path / "credentials"
    credentials.write_text("[prod-team]\naws_access_key_id = theirs\naws_secret_access_key = secret\n")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(credentials))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "the environment's")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    config = {"aws:region": "eu-west-1", "aws:profile": "prod-team"}
    monkeypatch.setattr(pulumi_cli_module, "stack_config", lambda *_: config)
    found = pulumi_cli_module.session("prod")
    assert (found.region_name, found.get_credentials().access_key) == ("eu-west-1", "theirs")


# The version


class Lambda:
    """A boto3 Lambda client that gives the prepared answers, in order."""

    def __init__(self) -> None:
        self.client = boto3.client("lambda", region_name="us-west-2")
        self.answers: list[Any] = []
        self.asked: list[dict[str, Any]] = []
        self.client.meta.events.register("before-parameter-build.lambda.Invoke", self._note)
        self.client.meta.events.register("before-call.lambda", self._answer)

    def _note(self, params: dict[str, Any], **_: object) -> None:
        self.asked.append({**params, "Payload": json.loads(params["Payload"])})

    def _answer(self, **_: object) -> tuple[Any, dict[str, Any]]:
        given = self.answers.pop(0)
        if isinstance(given, str):
            return SimpleNamespace(status_code=429), {"Error": {"Code": given, "Message": "Rate exceeded"}}
        if "EventSourceMappings" in given:
            return SimpleNamespace(status_code=200), given
        body = json.dumps(given).encode()
        error = {"FunctionError": "Unhandled"} if "errorType" in given else {}
        parsed = {"ExecutedVersion": "8", "Payload": StreamingBody(io.BytesIO(body), len(body)), **error}
        return SimpleNamespace(status_code=200), parsed


@pytest.fixture
def function(monkeypatch: pytest.MonkeyPatch) -> Lambda:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    return Lambda()


def judged(function: Lambda, *answers: Any, patience_s: float = 0) -> Asked:
    function.answers = list(answers)
    asked = ask(function.client, "classifier", "live", patience_s, sleep=lambda seconds: None)
    assert function.answers == []
    return asked


def test_the_check_invokes_the_alias_and_reports_version_and_model(function: Lambda) -> None:
    asked = judged(function, {"statusCode": 200, "model": MODEL, "results": [RESULT]})
    assert function.asked == [{"FunctionName": "classifier", "Qualifier": "live", "Payload": {"check": True}}]
    assert (asked.version, asked.model, asked.labels, asked.faults) == ("8", "some/model abc", {"Good.": "gut"}, [])


@pytest.mark.parametrize(
    ("now", "right"),
    [({}, True), ({"score": 0.885}, True), ({"score": 0.87}, False), ({"sentiment": "schlecht"}, False)],
)
def test_an_answer_may_differ_only_slightly_in_its_score(function: Lambda, now: dict[str, Any], right: bool) -> None:
    asked = judged(function, {"statusCode": 200, "model": MODEL, "results": [{**RESULT, **now}]})
    assert (asked.faults == []) is right


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"errorType": "ModelError", "errorMessage": "no model"}, "it fails: ModelError: no model"),
        ({"statusCode": 500, "error": "KeyError"}, "it fails: KeyError; its log says where"),
    ],
)
def test_the_check_reports_the_error_of_a_failing_version(function: Lambda, answer: dict[str, Any], said: str) -> None:
    assert judged(function, answer).faults == [said]


def test_a_version_that_predates_the_check_gets_only_the_texts(function: Lambda) -> None:
    old = {"statusCode": 400, "error": "nothing valid to classify", "errors": []}
    results = [{"id": text, "text": text, "sentiment": "POSITIVE", "score": 0.9} for text in KNOWN_TEXTS]
    asked = judged(function, old, {"statusCode": 200, "results": results})
    assert (asked.labels, asked.recorded, asked.faults) == (dict.fromkeys(KNOWN_TEXTS, "POSITIVE"), False, [])
    assert judged(function, old, old).faults == [f"it answers {old}"]


def test_the_check_waits_for_a_free_execution(function: Lambda) -> None:
    busy, right = "TooManyRequestsException", {"statusCode": 200, "model": MODEL, "results": [RESULT]}
    assert judged(function, busy, busy, right, patience_s=HANG_S).faults == []
    with pytest.raises(Busy, match="classifier:live has no free execution"):
        judged(function, busy)


# The path through the queue


def test_a_disabled_mapping_is_a_pause_and_a_missing_one_an_error(function: Lambda) -> None:
    for state, paused in (("Enabled", False), ("Enabling", False), ("Disabled", True), ("Disabling", True)):
        function.answers = [{"EventSourceMappings": [{"State": state}]}]
        assert is_paused(function.client, "arn") is paused
    function.answers = [{"EventSourceMappings": []}]
    with pytest.raises(LookupError, match="no event source mapping feeds arn"):
        is_paused(function.client, "arn")


def test_the_report_distinguishes_a_backlog_from_lost_messages() -> None:
    expected = dict.fromkeys(KNOWN_TEXTS, "POSITIVE")
    with LocalPipeline(DEV, consume=False) as local:
        where = (local.sqs, local.dynamodb, local.queue_url, local.table_name)
        lost = send_through(*where, expected, patience_s=0)
        assert (lost.ahead, lost.missing) == (0, list(KNOWN_TEXTS))
        behind = send_through(*where, expected, patience_s=0)  # the first run's messages are now ahead
        assert (behind.ahead, behind.missing) == (len(KNOWN_TEXTS) - 1, list(KNOWN_TEXTS))


def test_the_patience_begins_when_the_queue_has_caught_up() -> None:
    """Another message is ahead until second 8, the patience is 10 s, and the results arrive at second 15."""
    with LocalPipeline(DEV, consume=False) as local:
        local.sqs.send_message(QueueUrl=local.queue_url, MessageBody="another's")
        seconds = 0.0

        def sleep(_: float) -> None:
            nonlocal seconds
            seconds += 1
            if seconds == 8:
                local.sqs.purge_queue(QueueUrl=local.queue_url)
            if seconds == 15:
                for number in range(1, len(KNOWN_TEXTS) + 1):
                    put(local, f"smoke-{number}")

        report = send_through(
            local.sqs,
            local.dynamodb,
            local.queue_url,
            local.table_name,
            dict.fromkeys(KNOWN_TEXTS, "POSITIVE"),
            patience_s=10,
            sleep=sleep,
            clock=lambda: seconds,
        )
    assert (sorted(report.right), report.missing, report.seconds) == (sorted(KNOWN_TEXTS), [], 15)


def put(local: LocalPipeline, item_id: str) -> None:
    item = {"id": item_id, "sentiment": "POSITIVE", "sent_at": "2999-01-01T00:00:00+00:00"}
    item |= {"model_id": "m", "model_revision": "r"}
    local.dynamodb.put_item(TableName=local.table_name, Item={name: {"S": value} for name, value in item.items()})


def test_the_report_names_the_model_of_a_wrong_answer() -> None:
    with LocalPipeline(DEV, batchWindowSeconds=0) as local:
        where = (local.sqs, local.dynamodb, local.queue_url, local.table_name)
        report = send_through(*where, {KNOWN_TEXTS[0]: "NEGATIVE", KNOWN_TEXTS[1]: "NEGATIVE"}, patience_s=HANG_S)
    assert report.wrong == {KNOWN_TEXTS[0]: f"POSITIVE, by sentiment-analyzer/demo {REVISION}"}
    assert report.right == [KNOWN_TEXTS[1]]
