"""The examples, as they stand, on the local pipeline; and the command line finding it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from local.program import ROOT
from local.stack import LocalStack
from sentiment.follow import wait_for
from sentiment.table import Results

PATIENCE_SECONDS = 60
EXAMPLES = sorted(path.name for path in (ROOT / "examples").glob("*.py"))


def test_the_examples_texts_end_in_the_table(tmp_path: Path) -> None:
    with LocalStack("dev", batchWindowSeconds=0) as local:
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
        pages = wait_for(results, ids, interval_s=0.1, patience_s=PATIENCE_SECONDS)
        found = {result["id"]: result["sentiment"] for page in pages for result in page}
    assert found == dict(zip(ids, ["POSITIVE", "NEGATIVE", "POSITIVE", "NEGATIVE"], strict=True))


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_stays_short(name: str) -> None:
    assert len((ROOT / "examples" / name).read_text().splitlines()) <= 20
