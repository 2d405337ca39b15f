"""Bad input, generated and recorded: every record has exactly one outcome, and does not affect the others."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from function.records import WHOLE_BATCH, is_whole, message_id
from function.store import _iso
from sentiment_contract.messages import MAX_ITEMS, MAX_MESSAGE_BYTES, Fault, Item, parse_body, parse_items
from tests.function import strategies as some
from tests.function.aws import CONTEXT, Aws, import_handler, moto_aws, record

BODY_BYTES = MAX_MESSAGE_BYTES - 2_048  # SQS's largest message, less room for the reason
SENT = some.NOW


# The message parser


def check_reasoned(items: list[Item], faults: list[Fault]) -> None:
    assert items or faults
    for fault in faults:
        assert fault.code in {"InvalidJson", "InvalidShape", "InvalidId", "InvalidText", "InvalidTimestamp"}
        assert fault.message.isascii()
        assert len(fault.message) < 400


@pytest.mark.slow(reason="tries hundreds of generated inputs")
@given(some.any_text | st.binary().map(lambda raw: raw.decode(errors="replace")) | some.json_values.map(json.dumps))
def test_any_body_is_accepted_or_refused_with_a_reason(body: str) -> None:
    check_reasoned(*parse_body(body, SENT))


@given(some.json_values | st.lists(some.json_values))
def test_any_direct_invocation_is_accepted_or_refused_with_a_reason(items: Any) -> None:
    check_reasoned(*parse_items(items, SENT))


@pytest.mark.slow(reason="tries hundreds of generated inputs")
@given(st.lists(some.good_items(), min_size=1, max_size=5))
def test_valid_items_are_parsed_exactly(given_items: list[Any]) -> None:
    items, faults = parse_body(json.dumps({"items": [item for item, _ in given_items]}), SENT)
    assert items == [Item(item["id"], item["text"], moment or SENT) for item, moment in given_items]
    assert faults == []


@pytest.mark.slow(reason="tries hundreds of generated inputs")
@given(st.lists(some.bad_items(), min_size=1, max_size=3), st.lists(some.good_items(), max_size=3), st.randoms())
def test_an_invalid_item_is_refused_with_its_code_and_its_neighbours_accepted(
    bad: list[Any], good: list[Any], random: Any
) -> None:
    mixed = [*((item, code) for item, code in bad), *((item, None) for item, _ in good)]
    random.shuffle(mixed)
    items, faults = parse_body(json.dumps({"items": [item for item, _ in mixed]}), SENT)
    assert [fault.code for fault in faults] == [code for _, code in mixed if code]
    assert [fault.message.split(".")[0].split(":")[0] for fault in faults] == [
        f"items[{index}]" for index, (_, code) in enumerate(mixed) if code
    ]
    assert [item.id for item in items] == [item["id"] for item, code in mixed if not code]


@pytest.mark.slow(reason="tries hundreds of generated inputs")
@given(st.tuples(some.good_items(), some.good_items()))
def test_stored_timestamps_sort_chronologically(pair: Any) -> None:
    (one,), (other,) = (parse_items([item], SENT)[0] for item, _ in pair)
    assert (one.sent_at < other.sent_at) == (_iso(one.sent_at) < _iso(other.sent_at))


@pytest.mark.parametrize("path", some.CORPUS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_recorded_body_gets_the_outcome_that_its_folder_names(path: Path) -> None:
    items, faults = parse_body(path.read_bytes().decode(errors="replace"), SENT)
    check_reasoned(items, faults)
    assert path.parent.name == (faults[0].code if faults else "taken")


@pytest.mark.parametrize(("count", "code"), [(MAX_ITEMS, None), (MAX_ITEMS + 1, "InvalidShape")])
def test_a_message_may_hold_at_most_max_items(count: int, code: str | None) -> None:
    items, faults = parse_body(json.dumps({"items": [{"id": "1", "text": "good"}] * count}), SENT)
    assert (len(items), [fault.code for fault in faults]) == ((0, [code]) if code else (count, []))


# The handler, on moto


@pytest.fixture(scope="module")
def aws() -> Iterator[Aws]:
    with moto_aws() as resources:
        yield resources


@pytest.fixture(scope="module")
def module(aws: Aws) -> Iterator[ModuleType]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in aws.variables().items():
            patch.setenv(name, value)
        yield import_handler()


def answer_to(module: ModuleType, event: Any) -> Any:
    """The handler's answer to an event, which must be strict JSON in UTF-8, as Lambda requires."""
    return json.loads(json.dumps(module.handler(event, CONTEXT), ensure_ascii=False, allow_nan=False).encode())


def check_outcomes(module: ModuleType, aws: Aws, records: list[Any]) -> list[dict[str, Any]]:
    """Handles these records and a good neighbour in one batch: each must have exactly one outcome, the right one.

    Returns:
        The dead letters.
    """
    mine = aws.fresh()
    store = replace(module.consumer.store, table_name=mine.table)
    dead_letters = replace(module.consumer.dead_letters, queue_url=mine.dead_letter_queue_url)
    neighbour = record(json.dumps({"id": NEIGHBOUR, "text": "I love it."}), NEIGHBOUR)
    with patch.object(module, "consumer", replace(module.consumer, store=store, dead_letters=dead_letters)):
        response = answer_to(module, {"Records": [*records[::2], neighbour, *records[1::2]]})

    parsed = [(each, *parse_body(each["body"], SENT)) for each in records if is_whole(each)]
    reported = [message_id(each) for each in records if not is_whole(each)]
    assert sorted(failure["itemIdentifier"] for failure in response["batchItemFailures"]) == sorted(reported)
    dead = mine.dead_letters()
    assert sorted(message["Body"] for message in dead) == sorted(each["body"] for each, _, faults in parsed if faults)
    stored = mine.results()
    assert set(stored) == {NEIGHBOUR, *(item.id for _, items, _ in parsed for item in items)}
    assert stored[NEIGHBOUR]["sentiment"] == "POSITIVE"
    return dead


NEIGHBOUR = "a1b2c3d4-5717-4562-b3fc-2c963f66afa6"
bodies = (
    st.text(min_size=1)
    | some.json_values.map(json.dumps)
    | st.sampled_from(some.CORPUS).map(lambda path: path.read_bytes().decode(errors="replace") or "x")
    | some.good_items().map(lambda made: json.dumps(made[0]))
    | st.lists(some.good_items() | some.bad_items(), max_size=4).map(
        lambda some: json.dumps({"items": [i for i, _ in some]})
    )
)


@pytest.mark.slow(reason="invokes the handler with hundreds of batches")
@given(st.lists(some.whole_records(bodies) | some.broken_records(), min_size=1, max_size=6))
def test_every_record_has_exactly_one_outcome(module: ModuleType, aws: Aws, records: list[Any]) -> None:
    check_outcomes(module, aws, records)


@given(
    some.json_values
    | st.fixed_dictionaries({"Records": some.json_values})
    | st.dictionaries(st.just("items"), some.json_values)
)
def test_no_event_makes_the_handler_raise(module: ModuleType, event: Any) -> None:
    assert answer_to(module, event).keys() & {"statusCode", "batchItemFailures"}


@pytest.mark.slow(reason="invokes the handler with hundreds of events")
@given(st.lists(some.good_items() | some.bad_items(), min_size=1, max_size=6))
def test_a_direct_invocation_answers_every_item_once(module: ModuleType, items: list[Any]) -> None:
    response = answer_to(module, {"items": [item for item, _ in items]})
    good = [item["id"] for item, code in items if not isinstance(code, str)]
    assert [result["id"] for result in response.get("results", [])] == good
    assert len(response.get("errors", [])) == len(items) - len(good)


LARGE = {
    "text": json.dumps({"id": "1", "text": "x" * (BODY_BYTES - 100)}),
    "id": json.dumps({"id": "x" * (BODY_BYTES - 100), "text": "good"}),
    "spaces": " " * BODY_BYTES,
    "brackets": "[" * BODY_BYTES,
    "nested objects": '{"a":' * (BODY_BYTES // 5),
    "digits": "9" * BODY_BYTES,
    "an unknown field": json.dumps({"id": "1", "text": "good", "x": "x" * (BODY_BYTES - 100)}),
    "emoji": json.dumps({"id": "1", "text": "\U0001f600" * 100_000}, ensure_ascii=False),
    "tiny items": json.dumps({"items": [{"id": "1", "text": "a"}] * 30_000}),
    "faulty items": json.dumps({"items": [{"id": "1", "text": "x" * 900 + " \ud800"}] * MAX_ITEMS}),
    "keys": json.dumps({str(n): n for n in range(60_000)}),
}


@pytest.mark.parametrize("body", LARGE.values(), ids=LARGE)
def test_a_large_message_has_exactly_one_outcome(module: ModuleType, aws: Aws, body: str) -> None:
    assert len(body.encode()) <= BODY_BYTES
    check_outcomes(module, aws, [record(body)])


@pytest.mark.parametrize(
    "odd",
    [
        {},
        {"stringValue": "x"},
        {"dataType": "String"},
        {"dataType": "String", "stringValue": ""},
        {"dataType": "Colour", "stringValue": "red"},
        {"dataType": "Binary", "binaryValue": ""},
        {"dataType": "Binary", "binaryValue": "not base64"},
        {"dataType": "Binary", "stringValue": "x"},
        {"dataType": ["String"], "stringValue": "x"},
        [],
        None,
    ],
)
def test_a_poison_message_with_an_invalid_attribute_is_still_dead_lettered(
    module: ModuleType, aws: Aws, odd: Any
) -> None:
    custom = {"dataType": "Number.int", "stringValue": "7"}
    dead = check_outcomes(module, aws, [{**record("poison"), "messageAttributes": {"odd": odd, "custom": custom}}])
    assert set(dead[0]["MessageAttributes"]) == {"custom", "ErrorCode", "ErrorMessage", "RequestID", "SentTimestamp"}


def test_an_id_that_is_a_huge_integer_is_refused(module: ModuleType) -> None:
    response = answer_to(module, {"items": [{"id": 10**5_000, "text": "good"}]})
    assert response["errors"][0]["message"].startswith("items[0].id: a huge integer is not allowed; must be")


@pytest.mark.parametrize("nameless", [None, "", 7, "\ud800"])
def test_a_record_without_an_id_fails_the_batch_but_not_its_neighbours(
    module: ModuleType, aws: Aws, nameless: Any
) -> None:
    broken = {**record("{}"), "messageId": nameless}
    assert message_id(broken) == WHOLE_BATCH
    check_outcomes(module, aws, [broken])


@pytest.mark.parametrize("field", ["body", "attributes"])
def test_a_record_that_lacks_a_part_is_reported(module: ModuleType, aws: Aws, field: str) -> None:
    lacking = {key: value for key, value in record("{}", "m-7").items() if key != field}
    check_outcomes(module, aws, [lacking])
    assert answer_to(module, {"Records": [lacking]}) == {"batchItemFailures": [{"itemIdentifier": "m-7"}]}
