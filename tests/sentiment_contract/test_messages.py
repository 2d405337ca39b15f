"""The message contract accepts valid items; any fault names the field, the value and what is allowed."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from sentiment_contract.messages import MAX_ID_BYTES, MAX_TEXT_CHARS, Item, parse_body

SNS = Path(__file__).parents[1] / "function" / "events" / "sns_notification.json"
SENT = datetime(2026, 11, 1, 12, tzinfo=UTC)


def body(**fields: object) -> str:
    return json.dumps({"id": "1", "text": "good", **fields})


def sns(**fields: object) -> str:
    return json.dumps({**json.loads(SNS.read_text()), **fields})


def test_a_single_text_gets_its_time_from_sqs() -> None:
    assert parse_body('{"id": "1", "text": "good"}', SENT) == ([Item("1", "good", SENT)], [])


def test_the_texts_of_a_message_keep_their_order() -> None:
    message = json.dumps({"items": [{"id": "1", "text": "good"}, {"id": "2", "text": "bad"}]})
    assert parse_body(message, SENT) == ([Item("1", "good", SENT), Item("2", "bad", SENT)], [])


@pytest.mark.parametrize(
    ("timestamp", "moment"),
    [
        ("2026-10-31T08:00:00Z", datetime(2026, 10, 31, 8, tzinfo=UTC)),
        ("2026-10-31T08:00:00.123456+02:00", datetime(2026, 10, 31, 6, 0, 0, 123456, tzinfo=UTC)),
        ("2026-10-31T08:00:00", datetime(2026, 10, 31, 8, tzinfo=UTC)),
        ("2025-11-01", datetime(2025, 11, 1, tzinfo=UTC)),
        ("20251101", datetime(2025, 11, 1, tzinfo=UTC)),
        ("1970-01-02T00:00:00Z", datetime(1970, 1, 2, tzinfo=UTC)),
        ("2025-11-01 09:00:00 +0200", datetime(2025, 11, 1, 7, tzinfo=UTC)),
        (1_000_000_000, datetime(2001, 9, 9, 1, 46, 40, tzinfo=UTC)),
        (1_700_000_000, datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)),
        (1_700_000_000.5, datetime(2023, 11, 14, 22, 13, 20, 500_000, tzinfo=UTC)),
        (1_700_000_000_500, datetime(2023, 11, 14, 22, 13, 20, 500_000, tzinfo=UTC)),
        (None, SENT),
    ],
)
def test_a_text_gets_its_time_from_the_producers_timestamp(timestamp: object, moment: datetime) -> None:
    ((item,), faults) = parse_body(body(timestamp=timestamp), SENT)
    assert (item.sent_at, faults) == (moment, [])
    assert item.sent_at.utcoffset() == timedelta(0)


@pytest.mark.parametrize(
    ("message", "code", "says"),
    [
        ("", "InvalidJson", "body: not valid JSON at character 0"),
        ("not json", "InvalidJson", "body: not valid JSON at character 0"),
        ('{"id": "1", "text": NaN}', "InvalidJson", "'NaN'"),
        ('{"id": "1", "id": "2", "text": "x"}', "InvalidJson", "'id'"),
        ("[" * 100_000, "InvalidJson", "not valid JSON"),
        ("1" * 5_000, "InvalidJson", "not valid JSON"),
        ("[]", "InvalidShape", "body: list"),
        ("null", "InvalidShape", "body: None"),
        ('"text"', "InvalidShape", "body: 'text'"),
        ("{}", "InvalidId", "id: is missing"),
        (SNS.read_text(), "InvalidShape", "body: SNS 'Notification' of 'arn:aws:sns:us-west-2:123456789012:MyTopic'"),
        (sns(), "InvalidShape", "must be the published message itself: set RawMessageDelivery"),
        (
            sns(Type="SubscriptionConfirmation"),
            "InvalidShape",
            "must be a text: confirm the subscription",
        ),
        (sns(Type=["x" * 999], TopicArn="x" * 999), "InvalidShape", "body: SNS list of 1 of 'xxx"),
        ('{"items": []}', "InvalidShape", "items: list"),
        ('{"items": {}}', "InvalidShape", "items: dict"),
        ('{"items": [7]}', "InvalidShape", "items[0]: 7"),
        ('{"items": [{"id": "1"}]}', "InvalidText", "items[0].text: is missing"),
        ('{"text": "good"}', "InvalidId", "id: is missing"),
        (body(id=""), "InvalidId", "id: ''"),
        (body(id=7), "InvalidId", "id: 7"),
        (body(id=True), "InvalidId", "id: True"),
        (body(id="\ud800"), "InvalidId", "id: '\\ud800'"),
        (body(id="x" * (MAX_ID_BYTES + 1)), "InvalidId", "1 to 2048 bytes"),
        (body(id="é" * (MAX_ID_BYTES // 2 + 1)), "InvalidId", "1 to 2048 bytes"),
        (body(text=None), "InvalidText", "text: None"),
        (body(text=["good"]), "InvalidText", "text: list"),
        (body(text=""), "InvalidText", "text: ''"),
        (body(text=" \n\t"), "InvalidText", "not only spaces"),
        (body(text="bad \udfff"), "InvalidText", "text: 'bad \\udfff'"),
        (body(text="x" * (MAX_TEXT_CHARS + 1)), "InvalidText", f"1 to {MAX_TEXT_CHARS} characters"),
        (body(timestamp="yesterday"), "InvalidTimestamp", "timestamp: 'yesterday'"),
        (body(timestamp=""), "InvalidTimestamp", "timestamp: ''"),
        (body(timestamp=True), "InvalidTimestamp", "timestamp: True"),
        (body(timestamp=[]), "InvalidTimestamp", "timestamp: list"),
        (body(timestamp=-1), "InvalidTimestamp", "timestamp: -1"),
        (body(timestamp=0), "InvalidTimestamp", "timestamp: 0 is not allowed; must be ISO 8601"),
        (body(timestamp=45_962), "InvalidTimestamp", "timestamp: 45962 is not allowed"),
        (body(timestamp=20_251_101), "InvalidTimestamp", "seconds (from 1000000000 on, September 2001)"),
        (body(timestamp=999_999_999), "InvalidTimestamp", "timestamp: 999999999"),
        (body(timestamp="Infinity"), "InvalidTimestamp", "timestamp: 'Infinity'"),
        (body(timestamp="2025-11-01T09:00.5"), "InvalidTimestamp", "timestamp: '2025-11-01T09:00.5'"),
        (body(timestamp="2026-11-0150900"), "InvalidTimestamp", "timestamp: '2026-11-0150900'"),
        (body(timestamp="2025-11-01\n"), "InvalidTimestamp", "timestamp: '2025-11-01\\n'"),
        (body(timestamp=10**400), "InvalidTimestamp", "timestamp: 1000"),
        (body(timestamp="0001-01-01T00:00:00+14:00"), "InvalidTimestamp", "timestamp: '0001"),
        (body(timestamp="9999-12-31T23:59:59Z"), "InvalidTimestamp", "at most 15 minutes ahead"),
        (body(timestamp=4_000_000_000), "InvalidTimestamp", "at most 15 minutes ahead"),
    ],
)
def test_a_fault_names_the_field_the_value_and_what_is_allowed(message: str, code: str, says: str) -> None:
    items, (fault,) = parse_body(message, SENT)
    assert items == []
    assert fault.code == code
    assert says in fault.message
    assert "must be" in fault.message
    assert len(fault.message) < 400
    assert fault.message.isascii()


def test_a_producers_clock_may_run_slightly_ahead() -> None:
    soon = datetime.now(UTC) + timedelta(minutes=5)
    ((item,), _) = parse_body(body(timestamp=soon.isoformat()), SENT)
    assert item.sent_at == soon


def test_the_largest_allowed_text_and_id_are_accepted() -> None:
    items, faults = parse_body(body(id="x" * MAX_ID_BYTES, text="x" * MAX_TEXT_CHARS), SENT)
    assert (len(items), faults) == (1, [])


def test_invalid_items_do_not_affect_their_neighbours() -> None:
    message = json.dumps({"items": [{"id": "1", "text": "good"}, {"id": "2"}, 3, {"id": "4", "text": "bad"}]})
    items, faults = parse_body(message, SENT)
    assert [item.id for item in items] == ["1", "4"]
    assert [fault.message.split(":")[0] for fault in faults] == ["items[1].text", "items[2]"]


def test_unknown_fields_are_ignored() -> None:
    assert len(parse_body(body(language="en"), SENT)[0]) == 1
    assert len(parse_body(sns(id="1", text="good"), SENT)[0]) == 1
