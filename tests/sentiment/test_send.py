"""`send` on moto: sent and rejected records, and resuming after an interruption."""

import gzip
import json
import signal
import subprocess
import sys
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from sentiment.batch import MAX_MESSAGES
from sentiment.checkpoint import Checkpoint
from sentiment.pace import Pace
from sentiment.record import Record
from sentiment.senders import PENDING_PER_SENDER
from sentiment.target import Target
from tests.sentiment.faults import PartialFailures, answers
from tests.sentiment.place import Place, Run
from tests.waiting import HANG_S, eventually

TEXTS = Path("texts.jsonl")
CHECKPOINT = Path("texts.jsonl.checkpoint")
SLOW = ("--rate", "2")  # texts a second, so that a run of hundreds lasts until a test stops it


def write(count: int) -> list[str]:
    """Write a file of texts, and return their ids."""
    ids = [f"id-{n}" for n in range(count)]
    TEXTS.write_text("".join(json.dumps({"id": item_id, "text": f"Good {item_id}"}) + "\n" for item_id in ids))
    return ids


def use(monkeypatch: pytest.MonkeyPatch, sqs: Any) -> None:
    """Have the commands use a client that a test has prepared."""
    monkeypatch.setattr(Target, "client", lambda *_, **__: sqs)


def test_send_delivers_every_text_and_leaves_no_checkpoint(place: Place, run: Run) -> None:
    ids = write(25)
    done = run("send", TEXTS, "--items-per-message", 4)
    assert done.code == 0, done
    assert "25 texts sent, 0 rejected" in done.err
    assert sorted(item["id"] for item in place.items()) == sorted(ids)
    assert not CHECKPOINT.exists()


def test_texts_without_a_timestamp_get_dates_in_file_order(place: Place, run: Run) -> None:
    TEXTS.write_text(
        '{"id": "same", "text": "older"}\n{"id": "own", "text": "dated", "timestamp": 1700000000}\n'
        '{"id": "same", "text": "newer"}\n'
    )
    assert run("send", TEXTS).code == 0
    items = sorted(place.items(), key=lambda item: item["timestamp"])
    assert [item["text"] for item in items] == ["dated", "older", "newer"]


def test_send_lists_and_saves_rejects_and_exits_with_1(place: Place, run: Run) -> None:
    TEXTS.write_text('{"id": "1", "text": "good"}\nno json\n{"id": "2"}\n{"id": "3", "text": "good"}\n')
    done = run("send", TEXTS, "--rejects", "rejects.jsonl")
    assert done.code == 1
    assert "line 2: InvalidJson: body: not valid JSON" in done.err
    assert "line 3: InvalidText: text: is missing; must be a string" in done.err
    assert "2 texts sent, 2 rejected" in done.err
    saved = [json.loads(line) for line in Path("rejects.jsonl").read_text().splitlines()]
    assert [(each["line"], each["code"], each["content"]) for each in saved] == [
        (2, "InvalidJson", "no json"),
        (3, "InvalidText", '{"id": "2"}'),
    ]
    assert sorted(item["id"] for item in place.items()) == ["1", "3"]


def test_a_text_that_sqs_refuses_permanently_is_a_reject(
    place: Place, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(12)
    PartialFailures(place.sqs, lambda body, _: "id-5" in body, sender_fault=True)
    use(monkeypatch, place.sqs)
    done = run("send", TEXTS)
    assert done.code == 1
    assert "line 6: RefusedBySqs: Injected" in done.err
    assert "11 texts sent, 1 rejected" in done.err


def test_send_reads_standard_input_line_by_line(place: Place, outside: dict[str, str]) -> None:
    command = [sys.executable, "-m", "sentiment", "send", "-", "--format", "lines", "--id-prefix", "in-"]
    done = subprocess.run(command, env=outside, input="good\nbad\n", capture_output=True, text=True, timeout=HANG_S)
    assert (done.returncode, done.stdout) == (0, ""), done
    assert {item["id"]: item["text"] for item in place.items()} == {"in-1": "good", "in-2": "bad"}


def test_ids_of_plain_lines_depend_on_the_content_of_the_file(place: Place, run: Run) -> None:
    feedback, ids = Path("feedback.txt"), []
    for content in ("good\nbad\n", "good\nfine\n", "good\nbad\n"):
        feedback.write_text(content)
        done = run("send", feedback)
        ids.append({item["id"] for item in place.items()})
        assert f"Ids: {min(ids[-1])[:-1]} and the line number" in done.err
    assert not ids[0] & ids[1]
    assert ids[0] == ids[2]


def test_plain_lines_keep_their_ids_when_a_run_resumes_with_a_longer_file(place: Place, run: Run) -> None:
    feedback, checkpoint = Path("feedback.txt"), Path("feedback.txt.checkpoint")
    feedback.write_text("good\nbad\n")
    run("send", feedback)
    (first, second) = sorted(item["id"] for item in place.items())
    begun = Checkpoint.begin(place.queue_url, first[:-1])
    begun.after(Record(line=1, content="good", body=""), 1, 0).save(checkpoint)
    feedback.write_text("good\nbad\nfine\n")
    refused = run("send", feedback, "--id-prefix", "mine-")
    assert (refused.code, "--restart starts over" in refused.err) == (2, True), refused
    assert run("send", feedback).code == 0
    assert sorted(item["id"] for item in place.items()) == [second, f"{first[:-1]}3"]


def test_send_reads_a_compressed_csv_in_another_encoding_and_dialect(place: Place, run: Run) -> None:
    Path("texts.csv.gz").write_bytes(gzip.compress("id;text\n1;caf\u00e9\n2;two\\nlines\n".encode("cp1252")))
    done = run("send", "texts.csv.gz", "--encoding", "cp1252", "--delimiter", ";", "--quote", "", "--escape", "\\")
    assert done.code == 0, done
    assert {item["id"]: item["text"] for item in place.items()} == {"1": "caf\u00e9", "2": "two\nlines"}


def wait_for_records(process: "subprocess.Popen[Any]", count: int) -> None:
    """Return once this number of records is settled."""

    def settled() -> bool:
        assert process.poll() is None, "it should be sending"
        return CHECKPOINT.exists() and json.loads(CHECKPOINT.read_text())["records"] >= count

    eventually(settled)


@pytest.mark.slow(reason="waits for records that are sent slowly")
def test_a_killed_run_resumes_and_loses_nothing(place: Place, outside: dict[str, str]) -> None:
    ids, senders = write(400), 2
    command = [sys.executable, "-m", "sentiment", "send", str(TEXTS), "--senders", str(senders)]
    process = subprocess.Popen([*command, *SLOW], env=outside, stderr=subprocess.DEVNULL)
    wait_for_records(process, 5)
    process.send_signal(signal.SIGKILL)
    process.wait()
    settled = json.loads(CHECKPOINT.read_text())["records"]
    assert settled < len(ids)

    done = subprocess.run(command, env=outside, capture_output=True, text=True, timeout=HANG_S)
    assert done.returncode == 0, done.stderr
    assert f"Resuming after {settled} records" in done.stderr
    assert "400 texts sent, 0 rejected" in done.stderr
    items = place.items()
    counts = Counter(item["id"] for item in items)
    assert counts.keys() == set(ids), "nothing is lost"
    twice = {item_id for item_id, count in counts.items() if count > 1}
    assert len(twice) <= senders * PENDING_PER_SENDER * MAX_MESSAGES + MAX_MESSAGES
    assert not twice & set(ids[:settled]), "a run never resends a settled record"
    dates = {(item["id"], item["timestamp"]) for item in items}
    assert len(dates) == len(ids), "both copies have the same date, so that the table absorbs the second"


def test_a_run_stopped_by_an_sqs_error_prints_it_and_resumes_later(
    place: Place, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = write(100)
    broken = place.cloud.client("sqs")
    answers(broken, *[403] * 100, code="AccessDenied", after=5)
    with monkeypatch.context() as patched:
        use(patched, broken)
        stopped = run("send", TEXTS, "--senders", 1)
    records = json.loads(CHECKPOINT.read_text())["records"]
    assert 0 < records < 100
    assert stopped.code == 2
    assert f"Interrupted after {records} records; to resume, repeat the command." in stopped.err
    assert "AccessDenied" in stopped.err
    done = run("send", TEXTS)
    assert (done.code, CHECKPOINT.exists()) == (0, False)
    assert {item["id"] for item in place.items()} == set(ids)


def test_send_sends_nothing_when_it_cannot_write_its_checkpoint(place: Place, run: Run) -> None:
    write(20)
    done = run("send", TEXTS, "--checkpoint", "missing/checkpoint")
    assert (done.code, place.messages()) == (2, [])
    assert "No such file or directory: 'missing/checkpoint" in done.err


def broken_off(place: Place, records: int = 10) -> None:
    """Leave the checkpoint of a run that was interrupted after this number of records."""
    checkpoint = Checkpoint.begin(place.queue_url)
    for number, line in enumerate(TEXTS.read_text().splitlines()[:records], start=1):
        checkpoint = checkpoint.after(Record(line=number, content=line, body=line), 1, 0)
    checkpoint.save(CHECKPOINT)


def test_send_refuses_to_resume_when_the_part_already_sent_has_changed(place: Place, run: Run) -> None:
    write(20)
    broken_off(place)
    TEXTS.write_text(TEXTS.read_text().replace("Good id-3", "Evil id-3"))
    refused = run("send", TEXTS)
    assert (refused.code, place.messages()) == (2, [])
    assert "the part already sent has changed; --restart sends the file from its beginning" in refused.err
    assert run("send", TEXTS, "--restart").code == 0
    assert len(place.items()) == 20


def test_a_resumed_run_sends_lines_added_since_the_interruption(place: Place, run: Run) -> None:
    write(20)
    broken_off(place)
    with TEXTS.open("a") as file:
        file.write('{"id": "more", "text": "good"}\n')
    done = run("send", TEXTS)
    assert "21 texts sent, 0 rejected; 11 texts in" in done.err
    assert {item["id"] for item in place.items()} == {*(f"id-{n}" for n in range(10, 20)), "more"}


def test_send_refuses_another_queues_checkpoint_and_a_malformed_one(place: Place, run: Run) -> None:
    write(20)
    broken_off(place)
    elsewhere = run("send", TEXTS, "--queue-url", place.dead_letter_queue_url)
    assert elsewhere.code == 2
    assert f"the file was being sent to {place.queue_url}; --restart sends all of it to" in elsewhere.err
    CHECKPOINT.write_text("[]")
    assert "is not a checkpoint" in run("send", TEXTS).err


@pytest.mark.slow(reason="interrupts a process that sends")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_settles_its_requests_in_flight(
    place: Place, outside: dict[str, str], number: signal.Signals
) -> None:
    write(400)
    command = [sys.executable, "-m", "sentiment", "send", str(TEXTS), *SLOW]
    process = subprocess.Popen(command, env=outside, stderr=subprocess.PIPE, text=True)
    wait_for_records(process, 1)
    process.send_signal(number)
    _, said = process.communicate(timeout=HANG_S)
    records = json.loads(CHECKPOINT.read_text())["records"]
    assert process.returncode == 130, said
    assert f"Interrupted after {records} records" in said
    assert "Traceback" not in said
    assert {item["id"] for item in place.items()} == {f"id-{n}" for n in range(records)}


def test_pace_keeps_its_rate_and_does_not_burst_after_a_delay() -> None:
    now = 100.0
    went: list[float] = []

    def sleep(seconds: float) -> None:
        nonlocal now
        now += seconds

    pace = Pace(10, clock=lambda: now, sleep=sleep)
    for count in (1, 1, 5, 1):
        pace.wait()
        went.append(round(now, 3))
        pace.went(count)
    now += 60
    for _ in range(3):
        pace.wait()
        went.append(round(now, 3))
        pace.went(1)
    assert went == [100.0, 100.1, 100.2, 100.7, 160.7, 160.8, 160.9]


def test_pace_without_a_rate_never_waits() -> None:
    pace = Pace(None, clock=lambda: 1.0, sleep=lambda _: pytest.fail("waits"))
    for _ in range(3):
        pace.wait()
        pace.went(1)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["send", "missing.jsonl"], "No such file or directory: 'missing.jsonl'"),
        (["send", "texts.xml"], "--format: '.xml' is unknown"),
        (["send", "texts.csv", "--delimiter", "||"], "--delimiter: '||' must be one character"),
        (["send", "texts.jsonl", "--senders", "0"], "--senders"),
        (["send", "texts.jsonl", "--no-such-option"], "No such option: --no-such-option"),
        (["send", "texts.jsonl", "--queue-url", "http://127.0.0.1:1/1/x", "--endpoint-url", "nonsense"], "nonsense"),
    ],
)
def test_invalid_arguments_exit_with_2_without_a_traceback(
    place: Place, run: Run, arguments: list[str], says: str
) -> None:
    write(1)
    done = run(*arguments)
    assert done.code == 2, done
    assert says in done.err
    assert "Traceback" not in done.err


def test_a_file_without_the_required_columns_leaves_no_checkpoint(place: Place, run: Run) -> None:
    Path("texts.csv").write_text("key,review\n1,good\n")
    done = run("send", "texts.csv")
    assert (done.code, "Interrupted" in done.err) == (2, False), done
    assert not Path("texts.csv.checkpoint").exists()


def test_a_resumed_run_dates_texts_from_the_start_of_the_first_run(place: Place, run: Run) -> None:
    write(20)
    broken_off(place, records=10)
    started = datetime.fromisoformat(json.loads(CHECKPOINT.read_text())["started_at"])
    run("send", TEXTS)
    dates = sorted(datetime.fromisoformat(item["timestamp"]) for item in place.items())
    assert [(date - started).microseconds for date in dates] == list(range(10, 20))


def test_a_run_that_sent_nothing_does_not_block_another_queue(place: Place, run: Run) -> None:
    write(3)
    assert run("send", TEXTS, "--queue-url", f"{place.queue_url}-typo").code == 2
    assert run("send", TEXTS).code == 0
    assert len(place.items()) == 3


def test_send_prints_where_to_find_the_rejects_it_does_not_show(place: Place, run: Run) -> None:
    TEXTS.write_text("no json\n" * 25)
    assert "more rejects are not shown; r.jsonl holds all" in run("send", TEXTS, "--rejects", "r.jsonl").err
    assert "more rejects are not shown; --rejects FILE saves all" in run("send", TEXTS).err
