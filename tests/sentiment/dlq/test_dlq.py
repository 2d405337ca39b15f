"""`dlq` on moto: reads without keeping, saves, resends with the original dates, and deletes only on request."""

import io
import json
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest

from function.dead_letters import DeadLetters
from sentiment.dlq.letter import DeadLetter, size_of
from sentiment.dlq.queue import Look, move
from sentiment.dlq.replay import edited
from sentiment.screen import answers
from sentiment.target import Target
from sentiment_contract.dead_letters import MAX_ATTRIBUTES, SENT_TIMESTAMP, sent_at
from sentiment_contract.messages import MAX_MESSAGE_BYTES
from tests.function.aws import record
from tests.sentiment.faults import PartialFailures
from tests.sentiment.place import Place, Run
from tools.local.sqs_events import delivery

FIRST_SENT = 1_700_000_000_000  # milliseconds
SAVED = Path("saved.jsonl")


def dead_letter(place: Place, body: str, **attributes: str) -> None:
    """Put a letter into the dead-letter queue, as the function does."""
    letter = record(body, sent_ms=FIRST_SENT)
    letter["messageAttributes"] = {n: {"dataType": "String", "stringValue": v} for n, v in attributes.items()}
    DeadLetters(client=place.sqs, queue_url=place.dead_letter_queue_url).send(letter, "InvalidText", "text: bad", "r-1")


def given_up(place: Place, body: str) -> None:
    """Put a letter there as SQS does, when the function crashed or timed out on every delivery."""
    place.sqs.send_message(QueueUrl=place.dead_letter_queue_url, MessageBody=body)


def visible(place: Place) -> list[str]:
    received = place.messages(place.dead_letter_queue_url)
    return sorted(message["Body"] for message in received)


def test_peek_shows_reason_and_body_and_leaves_every_letter_visible(place: Place, run: Run) -> None:
    dead_letter(place, "broken \x1b[31m " + "x" * 5_000)
    given_up(place, "crashed")
    done = run("dlq", "peek")
    assert done.code == 0
    assert "InvalidText" in done.out
    assert "not given" in done.out
    assert "broken" in done.out
    assert len(done.out) < 4_000, "a long body is shortened"
    assert "\x1b" not in done.out, "a text cannot control the operator's terminal"
    assert "2 shown of about 2 messages" in done.out
    assert len(visible(place)) == 2, "all can immediately be received again"


def test_peek_shows_at_most_its_limit_and_leaves_every_letter_visible(place: Place, run: Run) -> None:
    for n in range(15):
        given_up(place, f"body {n}")
    assert "3 shown of about 15 messages" in run("dlq", "peek", "--limit", 3).out
    assert len(visible(place)) == 15


def test_peek_prints_counts_by_reason_before_the_letters(place: Place, run: Run) -> None:
    for n in range(3):
        dead_letter(place, f"refused {n}")
    given_up(place, "crashed")
    lines = run("dlq", "peek", "--limit", 1).out.splitlines()
    assert [line.split(maxsplit=1) for line in lines[:2]] == [["3", "InvalidText"], ["1", "not given"]]
    assert "1 shown of about 4 messages." in lines[-1]


def test_peek_shows_joiners_but_no_control_or_reordering_characters(place: Place, run: Run) -> None:
    shown, never = "👨\u200d👩 \u0645\u06cc\u200c\u062e\u0648 Wunder\u00adbar", "\x1b\x07\x85\u009b\u202e\u2066"
    given_up(place, shown + "".join(f"{each}x" for each in never))
    out = run("dlq", "peek").out
    assert shown in out
    assert not [each for each in never if each in out]


def test_peek_shows_a_body_whole_on_a_narrow_screen(place: Place, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "_width", 60)
    given_up(place, "@" * 40)
    assert run("dlq", "peek").out.count("@") == 40


def test_peek_reports_an_empty_queue(place: Place, run: Run) -> None:
    assert "0 shown of about 0 messages." in run("dlq", "peek").out


def test_letters_become_visible_again_when_a_look_fails(place: Place) -> None:
    given_up(place, "body")
    with pytest.raises(ZeroDivisionError), Look(place.sqs, place.dead_letter_queue_url, 600) as look:
        next(iter(look)).body[1 // 0]  # type: ignore[call-overload]
    assert visible(place) == ["body"]


def test_save_copies_every_letter_and_never_overwrites_a_file(place: Place, run: Run) -> None:
    for n in range(12):
        dead_letter(place, f"body {n}", language="en")
    assert run("dlq", "save", SAVED).code == 0
    saved = [json.loads(line) for line in SAVED.read_text().splitlines()]
    assert sorted(each["body"] for each in saved) == sorted(f"body {n}" for n in range(12))
    assert saved[0]["attributes"] == {"language": "en"}
    assert (saved[0]["code"], saved[0]["error"]) == ("InvalidText", "text: bad")
    assert datetime.fromisoformat(saved[0]["sent_at"]) == datetime.fromtimestamp(FIRST_SENT / 1000, UTC)
    again = run("dlq", "save", SAVED)
    assert again.code == 2
    assert "saved.jsonl: exists already, and may be the only copy of letters; name another file" in again.err
    assert len(visible(place)) == 12


def edit(old: str, new: str) -> None:
    SAVED.write_text(SAVED.read_text().replace(old, new))


def test_replay_sends_mended_letters_with_their_dates_and_leaves_the_rest(place: Place, run: Run) -> None:
    dead_letter(place, '{"id": "1", "text": ""}', language="en")
    dead_letter(place, '{"id": "2", "text": ""}')
    given_up(place, '{"id": "3", "text": "good"}')
    run("dlq", "save", SAVED)
    lines = SAVED.read_text().splitlines()
    SAVED.write_text("\n".join(line for line in lines if '\\"3\\"' not in line))
    edit('\\"1\\", \\"text\\": \\"\\"', '\\"1\\", \\"text\\": \\"mended\\"')
    done = run("dlq", "replay", SAVED)
    assert done.code == 1
    assert "text: '' is not allowed" in done.err
    assert "1 of 2 sent; 1 would be refused again" in done.err
    (sent,) = place.messages()
    assert json.loads(sent["Body"]) == {"id": "1", "text": "mended"}
    assert {n: v["StringValue"] for n, v in sent["MessageAttributes"].items()} == {
        "language": "en",
        SENT_TIMESTAMP: str(FIRST_SENT),
    }
    assert visible(place) == ['{"id": "2", "text": ""}', '{"id": "3", "text": "good"}']


def test_replay_accepts_a_body_edited_from_a_string_into_an_object(place: Place, run: Run) -> None:
    dead_letter(place, '{"id": "1"}')
    run("dlq", "save", SAVED)
    saved = json.loads(SAVED.read_text())
    SAVED.write_text(json.dumps({**saved, "body": {"id": "1", "text": "mended"}}))
    assert run("dlq", "replay", SAVED).code == 0
    assert place.items() == [{"id": "1", "text": "mended"}]


def test_replay_sends_nothing_twice(place: Place, run: Run) -> None:
    given_up(place, '{"id": "1", "text": "good"}')
    run("dlq", "save", SAVED)
    assert run("dlq", "replay", SAVED).code == 0
    again = run("dlq", "replay", SAVED)
    assert (again.code, len(place.messages())) == (1, 1)
    assert "0 of 1 sent" in again.err


def test_replay_refuses_a_file_with_a_foreign_line_and_sends_nothing(place: Place, run: Run) -> None:
    given_up(place, '{"id": "1", "text": "good"}')
    run("dlq", "save", SAVED)
    with SAVED.open("a") as file:
        file.write('{"id": "1"}\n')
    done = run("dlq", "replay", SAVED)
    assert done.code == 2
    assert "line 2: is not a dead letter; must hold message_id and body" in done.err
    assert place.messages() == []


FILES = Path(__file__).parents[1] / "files"
LINE_ENDS = ["\u2028", "\u2029", "\x85", "\ufffd", "\ufeff"]


def test_letters_with_unusual_line_separators_survive_save_and_replay(place: Place, run: Run) -> None:
    texts = [f"Lovely{character}lamp" for character in LINE_ENDS]
    for text in texts:
        given_up(place, json.dumps({"id": 7, "text": text}, ensure_ascii=False))
    run("dlq", "save", SAVED)
    lines = SAVED.read_text().splitlines()
    assert len(lines) == len(texts), "one line each, whatever splits the file into lines"
    SAVED.write_text("\n".join(line.replace('\\"id\\": 7', '\\"id\\": \\"fixed\\"') for line in lines))
    done = run("dlq", "replay", SAVED)
    assert (done.code, f"{len(texts)} of {len(texts)} sent" in done.err) == (0, True), done
    assert sorted(item["text"] for item in place.items()) == sorted(texts)


def test_a_saved_file_with_unescaped_line_separators_is_read_whole() -> None:
    saved = list(edited(FILES / "dlq-save-replay-line-separator" / "saved-and-edited.jsonl"))
    assert [(line.line, line.faults) for line in saved] == [(1, ()), (2, ()), (3, ())]
    assert [json.loads(line.body)["text"] for line in saved] == [f"Lovely{c}lamp" for c in "\u2029\u2028\x85"]


@pytest.mark.parametrize("name", ["crlf.jsonl", "utf8-bom.jsonl", "utf16.jsonl"])
def test_a_saved_file_with_crlf_or_a_byte_order_mark_is_read(name: str) -> None:
    (line,) = edited(FILES / "dlq-replay-edited-file-encoding" / name)
    assert json.loads(line.body) == {"id": "cafe-8", "text": "caf\u00e9 is lovely"}


def test_replay_refuses_another_encoding_and_names_the_option_that_reads_it(place: Place, run: Run) -> None:
    path = FILES / "dlq-replay-edited-file-encoding" / "cp1252.jsonl"
    done = run("dlq", "replay", path)
    assert done.code == 2
    assert "line 1: line: the byte 0xE9" in done.err
    assert "--encoding cp1252 reads" in done.err
    assert "1 are no longer in the dead-letter queue" in run("dlq", "replay", path, "--encoding", "cp1252").err


def test_replay_after_a_purge_points_to_send_which_keeps_the_dates(place: Place, run: Run) -> None:
    dead_letter(place, '{"id": "nine", "text": "lovely"}')
    run("dlq", "purge", "--save", SAVED, "--yes")
    done = run("dlq", "replay", SAVED)
    assert done.code == 1
    assert "1 are no longer in the dead-letter queue: purged, redriven or replayed before" in done.err
    assert f"`send {SAVED} --format letters`" in done.err
    assert run("send", SAVED, "--format", "letters").code == 0
    first_sent = datetime.fromtimestamp(FIRST_SENT / 1000, UTC).isoformat()
    assert place.items() == [{"id": "nine", "text": "lovely", "timestamp": first_sent}]


def test_a_letter_moved_by_hand_keeps_its_original_date(place: Place, run: Run) -> None:
    before = time.time()
    given_up(place, '{"id": "1", "text": "good"}')
    done = run("dlq", "redrive")
    assert done.code == 0
    assert "has no message move tasks: moving from here" in done.err
    assert "1 of 1 dead letters are back in the queue" in done.err
    place.sqs.set_queue_attributes(QueueUrl=place.queue_url, Attributes={"VisibilityTimeout": "0"})
    (received,) = place.sqs.receive_message(
        QueueUrl=place.queue_url, MessageAttributeNames=["All"], MessageSystemAttributeNames=["All"]
    )["Messages"]
    moved = json.loads(delivery(received, "arn:aws:sqs:us-west-2:1:texts").record)
    assert before - 1 <= sent_at(moved).timestamp() < int(received["Attributes"]["SentTimestamp"]) / 1000


def test_moving_by_hand_keeps_the_letters_that_sqs_refuses(place: Place, run: Run, monkeypatch: Any) -> None:
    for n in range(12):
        given_up(place, f"body {n}")
    PartialFailures(place.sqs, lambda body, _: body == "body 7", sender_fault=True)
    monkeypatch.setattr(Target, "client", lambda *_, **__: place.sqs)
    done = run("dlq", "redrive", "--by-hand")
    assert done.code == 1
    assert "stays: Injected" in done.err
    assert len(place.messages()) == 11
    assert visible(place) == ["body 7"]


def test_large_letters_are_moved_in_requests_within_the_sqs_limit(place: Place) -> None:
    bodies = [str(n) + "x" * 400_000 for n in range(5)]
    for body in bodies:
        given_up(place, body)
    faults = PartialFailures(place.sqs, lambda *_: False)
    with Look(place.sqs, place.dead_letter_queue_url, 600) as look:
        assert sum(len(letters) for letters, _ in move(look, look, place.sqs, place.queue_url)) == 5
    assert [len(request) for request in faults.requests] == [2, 2, 1]
    assert sorted(message["Body"] for message in place.messages()) == sorted(bodies)


def test_a_message_without_room_for_its_date_is_sent_without_it() -> None:
    letter = DeadLetter.of(
        {
            "MessageId": "m",
            "ReceiptHandle": "h",
            "Body": "x" * MAX_MESSAGE_BYTES,
            "Attributes": {"SentTimestamp": str(FIRST_SENT), "ApproximateReceiveCount": "1"},
        }
    )
    assert letter.message() == {"MessageBody": "x" * MAX_MESSAGE_BYTES, "MessageAttributes": {}}
    assert size_of(letter.message("short")) == len("short" + SENT_TIMESTAMP + "Number" + str(FIRST_SENT))


def test_a_message_keeps_its_date_and_the_attributes_that_sqs_allows() -> None:
    attributes = {f"a{n}": {"DataType": "Binary", "BinaryValue": b"\xff"} for n in range(MAX_ATTRIBUTES)}
    letter = DeadLetter.of(
        {
            "MessageId": "m",
            "ReceiptHandle": "h",
            "Body": "body",
            "MessageAttributes": attributes,
            "Attributes": {"SentTimestamp": str(FIRST_SENT), "ApproximateReceiveCount": "1"},
        }
    )
    kept = letter.message()["MessageAttributes"]
    assert len(kept) == MAX_ATTRIBUTES
    assert kept[SENT_TIMESTAMP]["StringValue"] == str(FIRST_SENT)


def test_purge_deletes_nothing_unless_the_count_is_typed(
    place: Place, monkeypatch: pytest.MonkeyPatch, run: Run
) -> None:
    given_up(place, "body")
    for typed in ("\n7\n", "\n\n", "", "no\n1\n", "Yes\n1\n"):
        monkeypatch.setattr("sys.stdin", io.StringIO(typed))
        assert run("dlq", "purge").code in (1, 2)
    monkeypatch.setattr("sys.stdin", io.StringIO("\n1\n"))
    assert run("dlq", "purge").code == 0
    assert visible(place) == []


def test_purge_after_saving_deletes_what_was_saved(place: Place, monkeypatch: pytest.MonkeyPatch, run: Run) -> None:
    for n in range(12):
        given_up(place, f"body {n}")
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{SAVED}\n12\n"))
    assert run("dlq", "purge").code == 0
    assert len(SAVED.read_text().splitlines()) == 12
    assert visible(place) == []


def test_an_unconfirmed_purge_removes_its_save_file_and_can_be_repeated(
    place: Place, run: Run, monkeypatch: Any
) -> None:
    given_up(place, "body")
    for typed in ("no\n", ""):
        monkeypatch.setattr("sys.stdin", io.StringIO(typed))
        assert run("dlq", "purge", "--save", SAVED).code in (1, 2)
        assert not SAVED.exists()
    monkeypatch.setattr("sys.stdin", io.StringIO("1\n"))
    assert run("dlq", "purge", "--save", SAVED).code == 0
    assert (len(SAVED.read_text().splitlines()), visible(place)) == (1, [])


def test_purge_does_not_take_a_count_as_a_file_name(place: Place, run: Run, monkeypatch: Any) -> None:
    given_up(place, "body")
    monkeypatch.setattr("sys.stdin", io.StringIO("1\n"))
    done = run("dlq", "purge")
    assert (done.code, visible(place)) == (2, ["body"])
    assert "'1' must be a file name or empty; nothing was deleted" in done.err


def test_purge_with_yes_deletes_without_asking(place: Place, run: Run) -> None:
    given_up(place, "body")
    assert run("dlq", "purge", "--yes").code == 0
    assert visible(place) == []
    assert "no dead letters" in run("dlq", "purge").err


def test_purge_reports_the_letters_that_sqs_does_not_delete(
    place: Place, monkeypatch: pytest.MonkeyPatch, run: Run
) -> None:
    for body in ("one", "two"):
        dead_letter(place, body)
    client = Target.client

    def stubborn(target: Target, service: str) -> Any:
        """Deletes all but the first, however often it is asked."""
        sqs = client(target, service)
        sqs.meta.events.register("provide-client-params.sqs.DeleteMessageBatch", leave_the_first)
        sqs.meta.events.register("after-call.sqs.DeleteMessageBatch", report)
        return sqs

    def leave_the_first(params: dict[str, Any], context: dict[str, Any], **_: Any) -> dict[str, Any]:
        context["kept"] = params["Entries"][:1]
        return {**params, "Entries": params["Entries"][1:] or [{"Id": "none", "ReceiptHandle": "none"}]}

    def report(parsed: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
        failed = {"SenderFault": False, "Code": "InternalError"}
        parsed["Failed"] = [{"Id": entry["Id"], **failed} for entry in context["kept"]]

    monkeypatch.setattr(Target, "client", stubborn)
    done = run("dlq", "purge", "--save", SAVED, "--yes")
    assert done.code == 2
    assert "SQS did not delete 1 of 2 dead letters, which stay in the queue" in done.err
    assert len(SAVED.read_text().splitlines()) == 2
    monkeypatch.undo()
    assert len(visible(place)) == 1


def test_a_look_goes_on_after_an_answer_with_nothing_new() -> None:
    def message(number: int) -> dict[str, Any]:
        attributes = {"SentTimestamp": "1700000000000", "ApproximateReceiveCount": "1"}
        return {"MessageId": f"m{number}", "ReceiptHandle": "r", "Body": "b", "Attributes": attributes}

    received = [[message(0), message(1)], [message(1)], [message(2)], *[[message(0)]] * 9]
    sqs = Mock(receive_message=lambda **_: {"Messages": received.pop(0)})
    assert [letter.message_id for letter in Look(sqs, "url", 60)] == ["m0", "m1", "m2"]
    assert len(received) == 6, "it ends where the queue starts over"
