"""The smoke test, on the local pipeline and against a queue that nobody reads."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.pulumi_stand_in import PulumiStandIn
from tests.stacks import DEV
from tests.waiting import HANG_S
from tools.local.program import ROOT
from tools.local.stack import LocalPipeline
from tools.release import pulumi_cli as pulumi_cli_module
from tools.release.smoke.check import TEXTS, check

pytestmark = pytest.mark.slow(reason="runs whole pipelines")


def test_the_smoke_test_passes_on_the_local_pipeline_and_fails_where_an_answer_is_wrong() -> None:
    with LocalPipeline(DEV, batchWindowSeconds=0) as local:
        where = (local.sqs, local.dynamodb, local.queue_url, local.table_name)
        first = check(*where, patience_s=HANG_S)
        assert first.passed, first
        assert sorted(first.right) == sorted(TEXTS)
        # The results of the first run are still there: a second must not be content with them.
        wrong = check(*where, patience_s=HANG_S, texts={**TEXTS, "smoke-1": (TEXTS["smoke-1"][0], "NEGATIVE")})
        assert wrong.wrong == {"smoke-1": "POSITIVE"}


def test_aws_is_asked_by_the_profile_that_the_stacks_file_names(
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


def test_the_command_reads_the_stacks_outputs_and_says_what_is_missing(pulumi_cli: PulumiStandIn) -> None:
    with LocalPipeline(DEV, consume=False) as local:
        pulumi_cli.outputs = {"queueUrl": local.queue_url, "tableName": local.table_name}
        credentials = {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local"}
        run = subprocess.run(
            [sys.executable, "-m", "tools.release.smoke", "--stack", "dev", "--patience", "0"],
            cwd=ROOT,
            env={**os.environ, **credentials, "AWS_ENDPOINT_URL": local.cloud.url},
            capture_output=True,
            text=True,
            timeout=HANG_S,
        )
        assert (run.returncode, local.depth(local.queue_url)) == (1, len(TEXTS) - 1), run.stdout + run.stderr
    assert "smoke: 0 of 4 right" in run.stdout
    assert "missing  smoke-1" in run.stdout


def test_without_outputs_the_command_says_why(pulumi_cli: PulumiStandIn) -> None:
    (pulumi_cli.place / "outputs.json").write_text("no state")
    run = subprocess.run(
        [sys.executable, "-m", "tools.release.smoke", "--stack", "dev"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=HANG_S,
    )
    assert run.returncode == 2
    assert "pulumi stack output --json --stack dev: exit 1" in run.stdout


def test_a_stack_that_was_never_deployed_says_so(pulumi_cli: PulumiStandIn) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "tools.release.smoke", "--stack", "dev"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=HANG_S,
    )
    assert run.returncode == 2
    assert "smoke: stack 'dev' has no output queueUrl, tableName: it has not been deployed yet" in run.stdout
