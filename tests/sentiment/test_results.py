"""`results` on moto: by id, as they come, or all; as a table, JSON lines, CSV and a summary."""

import csv
import io
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from sentiment.errors import CommandError
from sentiment.follow import POLLED_IDS, wait_for, watch
from sentiment.summary import Summary
from sentiment.table import ATTEMPTS, IDS_AT_ONCE, Results
from tests.sentiment.place import Place, Run


def test_results_by_id_are_shown_and_missing_ids_named(place: Place, run: Run) -> None:
    place.store("a", score=0.987, text="red \x1b[31m and\n" + "long " * 50)
    place.store("b", "NEGATIVE")
    done = run("results", "b", "a", "c")
    assert done.code == 1
    assert "0.987" in done.out
    assert "The text of b" in done.out
    assert "red \ufffd[31m and long long" in done.out
    assert "\x1b" not in done.out, "a text does not control the terminal"
    assert "2 results: 1 POSITIVE (50.0%), 1 NEGATIVE (50.0%)" in done.out
    assert "No result of 1: c." in done.err
    assert run("results", "a", "b").code == 0


def test_json_lines_and_csv_hold_all_fields_and_nothing_else(place: Place, run: Run) -> None:
    place.store("a", score=0.5, text='With, comma and "quotes"\nand lines')
    (line,) = run("results", "a", "--output", "jsonl").out.splitlines()
    result = json.loads(line)
    assert (result["id"], result["score"], result["truncated"]) == ("a", 0.5, False)
    (row,) = csv.DictReader(io.StringIO(run("results", "a", "--output", "csv").out))
    assert row == {name: str(value) for name, value in result.items()}
    assert "text" not in json.loads(run("results", "a", "--output", "jsonl", "--no-text").out)


def test_ids_are_read_from_a_file_of_ids_or_of_what_was_sent(place: Place, run: Run) -> None:
    for item_id in ("a", "b", "c"):
        place.store(item_id)
    Path("mixed").write_text('a\n{"items": [{"id": "b", "text": "good"}, {"id": "c", "text": "bad"}]}\n')
    done = run("results", "--ids-from", "mixed", "--output", "jsonl")
    assert [json.loads(line)["id"] for line in done.out.splitlines()] == ["a", "b", "c"]


def test_all_results_are_scanned_and_the_cost_is_told(place: Place, run: Run) -> None:
    for n in range(3):
        place.store(f"id-{n}", score=n / 4)
    done = run("results", "--all", "--output", "summary")
    assert done.code == 0
    assert "3 results: 3 POSITIVE (100.0%)" in done.out
    assert "The scan took" in done.err
    assert "USD on demand" in done.err


def test_only_results_since_a_time_count(place: Place, run: Run) -> None:
    place.store("old", sent_at="2026-10-01T00:00:00.000000+00:00")
    place.store("new", sent_at="2026-11-01T00:00:00.000000+00:00")
    done = run("results", "--all", "--since", "2026-10-15T00:00:00", "--output", "jsonl")
    assert [json.loads(line)["id"] for line in done.out.splitlines()] == ["new"]
    assert run("results", "old", "--since", "2026-10-15").code == 1


@pytest.mark.parametrize("arguments", [(), ("a", "--all")])
def test_ids_or_all_is_asked_for(place: Place, run: Run, arguments: tuple[str, ...]) -> None:
    done = run("results", *arguments)
    assert done.code == 2
    assert "needs either ids" in done.err


def results_of(place: Place, **more: Any) -> Results:
    return Results(dynamodb=place.dynamodb, table_name=place.table_name, **more)


def test_more_ids_than_one_request_takes_are_all_found(place: Place) -> None:
    ids = [f"id-{n}" for n in range(IDS_AT_ONCE + 5)]
    for item_id in ids:
        place.store(item_id)
    assert list(results_of(place).get([*ids, ids[0], "absent"])) and set(results_of(place).get(ids)) == set(ids)  # noqa: PT018


def test_ids_that_dynamodb_leaves_unprocessed_are_asked_for_again(place: Place) -> None:
    for item_id in ("a", "b", "c"):
        place.store(item_id)
    dynamodb, waits = place.cloud.client("dynamodb"), []
    left = [2]

    def leave_most(params: dict[str, Any], context: dict[str, Any], **_: Any) -> dict[str, Any]:
        (table, asked), *_ = params["RequestItems"].items()
        kept = asked["Keys"][:1] if left[0] > 0 else asked["Keys"]
        context["left"] = {table: {**asked, "Keys": asked["Keys"][len(kept) :]}} if asked["Keys"][len(kept) :] else {}
        left[0] -= 1
        return {"RequestItems": {table: {**asked, "Keys": kept}}}

    def report(parsed: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
        parsed["UnprocessedKeys"] = context["left"]

    dynamodb.meta.events.register("provide-client-params.dynamodb.BatchGetItem", leave_most)
    dynamodb.meta.events.register("after-call.dynamodb.BatchGetItem", report)
    results = Results(dynamodb=dynamodb, table_name=place.table_name, sleep=waits.append)
    assert set(results.get(["a", "b", "c"])) == {"a", "b", "c"}
    assert waits == [0.05, 0.1]
    left[0], ids = ATTEMPTS + 1, [f"id-{n}" for n in range(ATTEMPTS + 2)]
    with pytest.raises(CommandError, match="left ids unread"):
        results.get(ids)


def test_results_are_waited_for_as_they_come(place: Place) -> None:
    waits: list[float] = []

    def sleep(seconds: float) -> None:
        waits.append(seconds)
        place.store(f"id-{len(waits)}")

    pages = wait_for(results_of(place, sleep=sleep), ["id-1", "id-2", "id-2"], interval_s=7)
    assert [[result["id"] for result in page] for page in pages] == [[], ["id-1"], [], ["id-2"]]
    assert waits == [7, 7]


def test_an_old_result_is_not_what_is_waited_for(place: Place) -> None:
    place.store("a", sent_at="2026-10-01T00:00:00.000000+00:00")

    def sleep(_: float) -> None:
        place.store("a", "NEGATIVE", sent_at="2026-11-01T00:00:00.000000+00:00")

    results = results_of(place, sleep=sleep, since=datetime(2026, 10, 15, tzinfo=UTC))
    (found,) = [result for page in wait_for(results, ["a"], interval_s=1) for result in page]
    assert found["sentiment"] == "NEGATIVE"


def test_patience_ends_the_wait_and_a_look_is_limited(place: Place) -> None:
    now = 0.0
    asked: list[int] = []

    def sleep(seconds: float) -> None:
        nonlocal now
        now += seconds

    class Counting(Results):
        def get(self, ids: Any) -> Any:
            asked.append(len(ids))
            return {}

    results = Counting(dynamodb=place.dynamodb, table_name=place.table_name, sleep=sleep)
    ids = [f"id-{n}" for n in range(POLLED_IDS + 1)]
    assert list(wait_for(results, ids, interval_s=10, clock=lambda: now, patience_s=25)) == [[]] * 4
    assert asked == [POLLED_IDS] * 4


def test_watching_the_table_shows_each_result_once_and_again_when_it_is_newer(place: Place) -> None:
    place.store("a")
    rounds = 0

    def sleep(_: float) -> None:
        nonlocal rounds
        rounds += 1
        if rounds == 2:
            place.store("a", "NEGATIVE", processed_at="2026-11-02T00:00:00.000000+00:00")

    pages = watch(results_of(place, sleep=sleep), interval_s=1)
    seen = [[result["sentiment"] for result in page] for page, _ in (next(pages) for _ in range(3))]
    assert seen == [["POSITIVE"], [], ["NEGATIVE"]]


def test_the_summary_counts_every_result_in_its_bin() -> None:
    summary = Summary()
    summary.add(
        {"sentiment": label, "score": score, "truncated": score == 1}
        for label, score in (("POSITIVE", 0.5), ("POSITIVE", 1.0), ("NEGATIVE", 0.9999), ("NEGATIVE", 0.51))
    )
    assert summary.labels == {"POSITIVE": 2, "NEGATIVE": 2}
    assert summary.scores == {("POSITIVE", 10): 1, ("POSITIVE", 19): 1, ("NEGATIVE", 19): 1, ("NEGATIVE", 10): 1}
    assert summary.truncated == 1
