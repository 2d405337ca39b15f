"""`forget` on moto: deletes only the requested results, after confirmation, and can be repeated."""

import io
import json
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from function.store import Store
from function.verdict import Sentiment
from sentiment.errors import CommandError
from sentiment.table import ATTEMPTS, DELETED_AT_ONCE, Results
from sentiment.target import Target
from sentiment_contract.messages import Item
from tests.sentiment.place import Place, Run

IDS = [f"id-{n}" for n in range(DELETED_AT_ONCE + 5)]


def stored(place: Place) -> set[str]:
    items = place.dynamodb.scan(TableName=place.table_name)["Items"]
    return {item["id"]["S"] for item in items}


@pytest.fixture
def full(place: Place) -> Place:
    """A table with more results than one request deletes, and one that stays."""
    for item_id in (*IDS, "kept"):
        place.store(item_id)
    return place


def test_forget_deletes_only_the_results_of_the_given_ids(full: Place, run: Run, monkeypatch: Any) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{len(IDS)}\n"))
    done = run("forget", *IDS, IDS[0], "absent")
    assert done.code == 0, done.err
    assert f"Type {len(IDS)} to delete {len(IDS)} results from {full.table_name} for good" in done.err
    assert f"{len(IDS)} results of {len(IDS) + 1} ids deleted; 1 had none" in done.err
    assert "remain in the queue and the dead letters" in done.err
    assert stored(full) == {"kept"}
    again = run("forget", *IDS)
    assert (again.code, stored(full)) == (0, {"kept"})
    assert f"0 results of {len(IDS)} ids deleted; {len(IDS)} had none" in again.err


@pytest.mark.parametrize("typed", ["", "\n", "y\n", "7\n"])
def test_nothing_is_deleted_unless_the_count_is_typed(full: Place, run: Run, monkeypatch: Any, typed: str) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(typed))
    assert run("forget", *IDS).code in (1, 2)
    assert stored(full) == {*IDS, "kept"}


def test_a_dry_run_counts_and_deletes_nothing(full: Place, run: Run) -> None:
    done = run("forget", "id-1", "absent", "--dry-run")
    assert (done.code, stored(full)) == (0, {*IDS, "kept"})
    assert "1 result of 2 ids would be deleted; 1 have none" in done.err


@pytest.mark.parametrize("output", ["jsonl", "csv"])
def test_forget_takes_ids_from_the_output_of_results(full: Place, run: Run, output: str) -> None:
    full.store("=SUM(A1)", text="An id that a spreadsheet would run")
    file = Path(f"results.{output}")
    file.write_text(run("results", "=SUM(A1)", *IDS, "--output", output).out)
    assert run("forget", "--ids-from", file, "--yes").code == 0
    assert stored(full) == {"kept"}


def test_an_invalid_id_is_named_and_the_others_are_deleted(full: Place, run: Run) -> None:
    Path("ids.jsonl").write_text("".join(f'{{"id": "{item_id}"}}\n' for item_id in IDS) + '{"id": 7}\nno json\n')
    done = run("forget", "x" * 2049, "--ids-from", "ids.jsonl", "--yes")
    assert (done.code, stored(full)) == (1, {"kept"})
    for why in ("line 31: id: 7 is not allowed", "line 32: no id", "is not allowed; must be a string of 1 to 2048"):
        assert why in done.err


def test_results_of_ids_on_standard_input_are_deleted_only_with_yes(full: Place, outside: dict[str, str]) -> None:
    command = [sys.executable, "-m", "sentiment", "forget", "--ids-from", "-"]
    asked = {"input": "\n".join(IDS), "env": outside, "capture_output": True, "text": True}
    refused: Any = subprocess.run(command, **asked)
    assert (refused.returncode, stored(full)) == (2, {*IDS, "kept"})
    assert "add --yes or --dry-run" in refused.stderr
    done: Any = subprocess.run([*command, "--yes"], **asked)
    assert (done.returncode, stored(full)) == (0, {"kept"}), done.stderr


def test_forget_requires_ids(place: Place, run: Run) -> None:
    done = run("forget")
    assert done.code == 2
    assert "needs ids" in done.err


def test_a_result_that_has_expired_is_deleted_too(place: Place, run: Run) -> None:
    place.store("old")
    place.dynamodb.update_item(
        TableName=place.table_name,
        Key={"id": {"S": "old"}},
        UpdateExpression="SET expires_at = :then",
        ExpressionAttributeValues={":then": {"N": str(int(time.time()) - 60)}},
    )
    assert run("forget", "old", "--yes").code == 0
    assert stored(place) == set()


def leave_unprocessed(dynamodb: Any, times: int) -> None:
    """Make this number of delete requests process only their first id."""
    left = [times]

    def leave(params: dict[str, Any], context: dict[str, Any], **_: Any) -> dict[str, Any]:
        (table, asked), *_ = params["RequestItems"].items()
        kept = asked[:1] if left[0] > 0 else asked
        left[0] -= 1
        context["left"] = {table: asked[len(kept) :]} if asked[len(kept) :] else {}
        return {"RequestItems": {table: kept}}

    def report(parsed: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
        parsed["UnprocessedItems"] = context["left"]

    dynamodb.meta.events.register("provide-client-params.dynamodb.BatchWriteItem", leave)
    dynamodb.meta.events.register("after-call.dynamodb.BatchWriteItem", report)


def test_results_that_dynamodb_leaves_unprocessed_are_deleted_later(full: Place) -> None:
    dynamodb, waits = full.cloud.client("dynamodb"), []
    leave_unprocessed(dynamodb, 2)
    results = Results(dynamodb=dynamodb, table_name=full.table_name, sleep=waits.append)
    assert list(results.delete(IDS)) == [DELETED_AT_ONCE, 5]
    assert (stored(full), waits) == ({"kept"}, [0.05, 0.1])
    leave_unprocessed(dynamodb, ATTEMPTS + 1)
    with pytest.raises(CommandError, match="left ids unprocessed"):
        list(results.delete([f"absent-{n}" for n in range(ATTEMPTS + 2)]))


def test_an_interrupted_run_prints_its_progress_and_can_be_repeated(full: Place, run: Run, monkeypatch: Any) -> None:
    dynamodb, calls = full.cloud.client("dynamodb"), []

    def break_off(**_: Any) -> None:
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt

    dynamodb.meta.events.register("before-call.dynamodb.BatchWriteItem", break_off)
    monkeypatch.setattr(Target, "client", lambda self, service: dynamodb)
    broken = run("forget", *IDS, "--yes")
    assert broken.code == 130
    assert f"Interrupted after {DELETED_AT_ONCE} of {len(IDS)} results; repeat the command" in broken.err
    assert len(stored(full)) == 6
    done = run("forget", *IDS, "--yes")
    assert (done.code, stored(full)) == (0, {"kept"})
    assert f"5 results of {len(IDS)} ids deleted" in done.err


def test_an_older_message_can_be_stored_once_the_newer_result_is_forgotten(place: Place, run: Run) -> None:
    """As docs/operations.md warns: the table no longer knows that there was a newer text."""
    store = Store(
        client=place.dynamodb,
        table_name=place.table_name,
        model_id="m",
        model_revision="1",
        ttl_days=0,
        store_text=True,
    )
    newer, older = (Item("a", f"of {day} November", datetime(2026, 11, day, tzinfo=UTC)) for day in (2, 1))
    verdict = Sentiment("POSITIVE", 0.9, False)
    assert store.put(newer, verdict)
    assert not store.put(older, verdict)
    assert run("forget", "a", "--yes").code == 0
    assert store.put(older, verdict)
    assert json.loads(run("results", "a", "--output", "jsonl").out)["text"] == "of 1 November"
