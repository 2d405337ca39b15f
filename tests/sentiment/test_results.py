"""`results` on moto: by id, following, or all; as a table, JSON lines, CSV and a summary."""

import csv
import io
import json
import os
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from sentiment.errors import CommandError
from sentiment.follow import POLLED_IDS, wait_for, watch
from sentiment.summary import Summary
from sentiment.table import ATTEMPTS, IDS_AT_ONCE, Results
from tests.sentiment.place import Place, Run
from tests.waiting import HANG_S
from tools.local.program import ROOT


def test_the_command_shows_results_by_id_and_names_missing_ids(place: Place, run: Run) -> None:
    place.store("a", score=0.987, text="red \x1b[31m and\n" + "long " * 50)
    place.store("b", "NEGATIVE")
    done = run("results", "b", "a", "c")
    assert done.code == 1
    assert "0.987" in done.out
    assert "The text of b" in done.out
    assert "red \ufffd[31m and long long" in done.out
    assert "\x1b" not in done.out, "a text cannot control the terminal"
    assert "2 results: 1 POSITIVE (50.0%), 1 NEGATIVE (50.0%)" in done.out
    assert "No result for 1 id: c." in done.err
    assert run("results", "a", "b").code == 0


def test_json_lines_and_csv_hold_the_same_fields(place: Place, run: Run) -> None:
    place.store("a", score=0.5, text='With, comma and "quotes"\nand lines')
    (line,) = run("results", "a", "--output", "jsonl").out.splitlines()
    result = json.loads(line)
    assert (result["id"], result["score"], result["truncated"]) == ("a", 0.5, False)
    (row,) = csv.DictReader(io.StringIO(run("results", "a", "--output", "csv").out))
    assert row == {name: str(value) for name, value in result.items()}
    assert "text" not in json.loads(run("results", "a", "--output", "jsonl", "--no-text").out)


def test_a_file_of_ids_may_mix_plain_ids_and_messages(place: Place, run: Run) -> None:
    for item_id in ("a", "b", "c"):
        place.store(item_id)
    Path("mixed").write_text('a\n{"items": [{"id": "b", "text": "good"}, {"id": "c", "text": "bad"}]}\n')
    done = run("results", "--ids-from", "mixed", "--output", "jsonl")
    assert [json.loads(line)["id"] for line in done.out.splitlines()] == ["a", "b", "c"]


def test_every_id_of_a_long_list_is_looked_up(place: Place, run: Run) -> None:
    place.store("last")
    Path("ids.txt").write_text("".join(f"absent-{n}\n" for n in range(POLLED_IDS + 5)) + "last\n")
    done = run("results", "--ids-from", "ids.txt", "--output", "jsonl")
    assert [json.loads(line)["id"] for line in done.out.splitlines()] == ["last"]
    assert f"No result for {POLLED_IDS + 5:,} ids: absent-0" in done.err


@pytest.mark.parametrize("bad", ["", "x" * 2049, "\udc80"], ids=["empty", "too long", "no UTF-8"])
def test_a_bad_id_is_named_and_does_not_hide_the_others(place: Place, run: Run, bad: str) -> None:
    place.store("a")
    done = run("results", bad, "a", "--output", "jsonl")
    assert (done.code, json.loads(done.out)["id"]) == (1, "a")
    assert f"id: {ascii(bad)[:80]} is not allowed; must be a string of 1 to 2048 bytes" in done.err


@pytest.mark.parametrize(
    ("name", "content", "options"),
    [
        ("sent.csv", "key,review\nb,good\na,bad\n", ["--id-column", "key"]),
        ("sent.tsv", "id\ttext\nb\tgood\na\tbad\n", []),
        ("sent.jsonl", '{"id": "b", "text": "good"}\n{"items": [{"id": "a", "text": ""}]}\n', []),
        ("sent.log", "b\na\n", []),
        ("mixed.txt", 'b\n{"id": "a", "text": "x"}\n', []),
    ],
)
def test_ids_are_taken_from_the_file_that_was_sent(
    place: Place, run: Run, name: str, content: str, options: list[str]
) -> None:
    place.store("a")
    place.store("b")
    Path(name).write_text(content)
    done = run("results", "--ids-from", name, "--output", "jsonl", *options)
    assert (done.code, sorted(json.loads(line)["id"] for line in done.out.splitlines())) == (0, ["a", "b"])


def test_results_finds_plain_lines_by_the_ids_that_send_derived(place: Place, run: Run) -> None:
    Path("feedback.txt").write_text("good\nbad\n")
    run("send", "feedback.txt")
    for item in place.items():
        place.store(item["id"], text=item["text"])
    done = run("results", "--ids-from", "feedback.txt", "--format", "lines", "--output", "jsonl")
    assert (done.code, [json.loads(line)["text"] for line in done.out.splitlines()]) == (0, ["good", "bad"])


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("sent.csv", "key,review\nb,good\n", "--id-column: 'id' is not a column"),
        ("sent.csv", "id;text\nb;good\n", "--delimiter ';'"),
        ("sent.xlsx", "PK\x03\x04", 'save the sheet as "CSV UTF-8"'),
    ],
)
def test_a_file_that_holds_no_ids_is_refused_at_once(
    place: Place, run: Run, name: str, content: str, says: str
) -> None:
    Path(name).write_text(content)
    done = run("results", "--ids-from", name)
    assert (done.code, done.out) == (2, "")
    assert says in done.err


def test_a_line_without_an_id_is_named_and_the_others_are_looked_up(place: Place, run: Run) -> None:
    place.store("a")
    Path("sent.jsonl").write_text('no json\n{"text": "x"}\n{"id": 7}\n{"id": "a"}\n')
    done = run("results", "--ids-from", "sent.jsonl", "--output", "jsonl")
    assert (done.code, json.loads(done.out)["id"]) == (1, "a")
    for line in ("line 1: no id", "line 2: no id", "line 3: id: 7 is not allowed"):
        assert line in done.err


ODD = [
    "=SUM(A1)",
    "'=SUM(A1)",
    "+1",
    "-1 is too good",
    "@me",
    "\tx",
    "\uff1d1",
    "'tis",
    'a "b", c',
    "lone \r CR",
    "CR LF \r\n",
    "lines \u2028 \u2029 \x85 end",
    "\uffff \ufffe",
    "\ufeff",
]


@pytest.mark.parametrize("output", ["csv", "jsonl"])
def test_written_results_are_read_back_unchanged(place: Place, run: Run, output: str) -> None:
    for text in ODD:
        place.store(text, text=text)
    written = Path(f"results.{output}")
    written.write_bytes(run("results", "--all", "--output", output).out.encode())
    again = run("results", "--ids-from", written, "--output", "jsonl")
    assert (again.code, sorted(json.loads(line)["id"] for line in again.out.split("\n")[:-1])) == (0, sorted(ODD))
    assert run("send", written).code == 0
    assert sorted((item["id"], item["text"]) for item in place.items()) == sorted(zip(ODD, ODD, strict=True))


def test_no_csv_cell_is_a_formula_and_no_json_line_is_broken(place: Place, run: Run) -> None:
    for text in ODD:
        place.store(text, text=text)
    rows = csv.DictReader(io.StringIO(run("results", "--all", "--output", "csv").out, newline=""))
    assert not [row["text"] for row in rows if row["text"][0] in "=+-@\t\r\uff1d"]
    lines = run("results", "--all", "--output", "jsonl").out
    assert len(lines.splitlines()) == len(lines.split("\n")) - 1 == len(ODD)


def test_a_result_that_has_expired_is_not_shown(place: Place, run: Run) -> None:
    now = int(time.time())
    for item_id, expires in (("gone", now - 86_400), ("kept", now + 86_400)):
        place.store(item_id)
        place.dynamodb.update_item(
            TableName=place.table_name,
            Key={"id": {"S": item_id}},
            UpdateExpression="SET expires_at = :then",
            ExpressionAttributeValues={":then": {"N": str(expires)}},
        )
    by_id = run("results", "gone", "kept", "--output", "jsonl")
    assert "No result for 1 id: gone" in by_id.err
    for done in (by_id, run("results", "--all", "--output", "jsonl")):
        assert [json.loads(line)["id"] for line in done.out.splitlines()] == ["kept"]
    assert "expires_at" not in json.loads(by_id.out)


def test_a_scan_shows_every_result_and_prints_its_cost(place: Place, run: Run) -> None:
    for n in range(3):
        place.store(f"id-{n}", score=n / 4)
    done = run("results", "--all", "--output", "summary")
    assert done.code == 0
    assert "3 results: 3 POSITIVE (100.0%)" in done.out
    assert "The scan took" in done.err
    assert "USD on demand" in done.err


def test_since_selects_only_later_results(place: Place, run: Run) -> None:
    place.store("old", sent_at="2026-10-01T00:00:00.000000+00:00")
    place.store("new", sent_at="2026-11-01T00:00:00.000000+00:00")
    done = run("results", "--all", "--since", "2026-10-15T00:00:00", "--output", "jsonl")
    assert [json.loads(line)["id"] for line in done.out.splitlines()] == ["new"]
    assert run("results", "old", "--since", "2026-10-15").code == 1


@pytest.mark.parametrize("arguments", [(), ("a", "--all")])
def test_results_requires_either_ids_or_all(place: Place, run: Run, arguments: tuple[str, ...]) -> None:
    done = run("results", *arguments)
    assert done.code == 2
    assert "needs either ids" in done.err


def results_of(place: Place, **more: Any) -> Results:
    return Results(dynamodb=place.dynamodb, table_name=place.table_name, **more)


def test_more_ids_than_one_request_allows_are_all_found(place: Place) -> None:
    ids = [f"id-{n}" for n in range(IDS_AT_ONCE + 5)]
    for item_id in ids:
        place.store(item_id)
    assert set(results_of(place).get([*ids, ids[0], "absent"])) == set(ids)


def test_ids_that_dynamodb_leaves_unprocessed_are_requested_again(place: Place) -> None:
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
    with pytest.raises(CommandError, match="left ids unprocessed"):
        results.get(ids)


def test_wait_for_yields_each_result_as_it_arrives(place: Place) -> None:
    waits: list[float] = []

    def sleep(seconds: float) -> None:
        waits.append(seconds)
        place.store(f"id-{len(waits)}")

    pages = wait_for(results_of(place, sleep=sleep), ["id-1", "id-2", "id-2"], interval_s=7)
    assert [[result["id"] for result in page] for page in pages] == [[], ["id-1"], [], ["id-2"]]
    assert waits == [7, 7]


def test_wait_for_ignores_results_older_than_since(place: Place) -> None:
    place.store("a", sent_at="2026-10-01T00:00:00.000000+00:00")

    def sleep(_: float) -> None:
        place.store("a", "NEGATIVE", sent_at="2026-11-01T00:00:00.000000+00:00")

    results = results_of(place, sleep=sleep, since=datetime(2026, 10, 15, tzinfo=UTC))
    (found,) = [result for page in wait_for(results, ["a"], interval_s=1) for result in page]
    assert found["sentiment"] == "NEGATIVE"


def test_wait_for_stops_after_its_patience_and_limits_each_look(place: Place) -> None:
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
    assert list(wait_for(results, ids, interval_s=10, clock=lambda: now, patience_s=25)) == [[]] * 5
    assert asked == [POLLED_IDS, 1, *[POLLED_IDS] * 3], "each id once before any is looked up again"


def test_watch_shows_each_result_once_and_again_when_it_is_newer(place: Place) -> None:
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


def test_an_item_with_missing_fields_is_shown_and_counted_separately(place: Place, run: Run) -> None:
    place.store("whole")
    for item in ({"id": {"S": "bare"}}, {"id": {"S": "odd"}, "score": {"S": "high"}, "sentiment": {"S": "POSITIVE"}}):
        place.dynamodb.put_item(TableName=place.table_name, Item=item)
    done = run("results", "--all")
    assert done.code == 0, done
    assert "1 result: 1 POSITIVE (100.0%); 2 items without sentiment or score" in done.out
    assert all(each in done.out for each in ("whole", "bare", "odd"))
    assert run("results", "bare", "--follow", "--output", "csv").out.count("bare") == 1
    assert run("results", "--all", "--since", "2026-01-01", "--output", "jsonl").out.count("\n") == 1


def test_an_item_with_a_foreign_date_or_expiry_is_shown(place: Place, run: Run) -> None:
    for name, value in {"sent_at": "2026-11-01T09:00:00", "expires_at": "tomorrow"}.items():
        place.store(name, **{name: value})
    done = run("results", "--all", "--since", "2026-10-01", "--output", "jsonl")
    assert (done.code, done.out.count("\n")) == (0, 2), done.err


def test_a_missing_id_cannot_control_the_terminal(place: Place, run: Run) -> None:
    assert "\x1b" not in run("results", "a\x1b[31m").err


def test_output_into_a_pipe_is_not_wrapped(place: Place, run: Run) -> None:
    place.store("long-" + "x" * 200, text="word " * 100)
    assert "No result for 1 id: " + "y" * 90 in run("results", "y" * 150).err
    assert "\n" not in run("results", "long-" + "x" * 200).out.split("long-")[1].split("word word")[0]


@pytest.mark.parametrize("output", ["jsonl", "csv"])
def test_a_pipe_gets_utf_8_whatever_the_systems_encoding(place: Place, output: str) -> None:
    place.store("日本-1", text="Ich ♥ it. café")
    done = subprocess.run(
        [sys.executable, "-m", "sentiment", "results", "--all", "--output", output],
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "cp1252"},
        capture_output=True,
        timeout=HANG_S,
    )
    assert done.returncode == 0, done.stderr
    assert "日本-1" in done.stdout.decode()
    assert "Ich ♥ it. café" in done.stdout.decode()
