"""The published JSON Schema: current, sound, and of one mind with the parser."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from function.messages import MAX_ID_BYTES, MAX_ITEMS, MAX_TEXT_CHARS, parse_body
from sentiment.schema import published, schema
from tests.sentiment.conftest import Run
from tools.local.program import ROOT

VALIDATOR = Draft202012Validator(schema())


def by_schema(body: str) -> bool:
    return VALIDATOR.is_valid(json.loads(body))


def by_parser(body: str) -> bool:
    return not parse_body(body, datetime.now(UTC))[1]


def of(**fields: Any) -> str:
    return json.dumps({"id": "1", "text": "good", **fields})


def test_what_is_published_is_what_the_command_prints(run: Run) -> None:
    assert (ROOT / "docs" / "message.schema.json").read_text() == published(), (
        "python -m sentiment schema > docs/message.schema.json"
    )
    assert run("schema").out == published()
    Draft202012Validator.check_schema(schema())


TAKEN = [
    of(),
    of(language="en"),
    of(timestamp=None),
    of(timestamp="2026-10-31T08:00:00Z"),
    of(timestamp="2026-10-31T08:00:00.123456+02:00"),
    of(timestamp="2026-10-31 08:00"),
    of(timestamp="2026-10-31"),
    of(timestamp=1_700_000_000),
    of(timestamp=1_700_000_000.5),
    of(id="x" * MAX_ID_BYTES, text="x" * MAX_TEXT_CHARS),
    of(text="\ufeff"),
    of(items=[{"id": "1", "text": "good"}], id=7),
    json.dumps({"items": [{"id": "1", "text": "good"}, {"id": "2", "text": "bad", "timestamp": 0}]}),
    json.dumps({"items": [{"id": "1", "text": "good"}] * MAX_ITEMS}),
]
REFUSED = [
    "[]",
    "null",
    '"text"',
    "7",
    "{}",
    of(id=""),
    of(id=7),
    of(id=None),
    of(id="x" * (MAX_ID_BYTES + 1)),
    of(text=""),
    of(text=None),
    of(text=[]),
    of(text=" \t\n\u3000\x1f\x85"),
    of(text="x" * (MAX_TEXT_CHARS + 1)),
    of(timestamp="yesterday"),
    of(timestamp=""),
    of(timestamp=True),
    of(timestamp=[]),
    of(timestamp=-1),
    '{"id": "1"}',
    '{"text": "good"}',
    '{"items": []}',
    json.dumps({"items": [{"id": "1", "text": "bad"}] * (MAX_ITEMS + 1)}),
    '{"items": {}}',
    '{"items": null}',
    '{"items": [7]}',
    json.dumps({"items": [{"id": "1", "text": "good"}, {"id": "2"}]}),
]
# What the schema's own comment says that it cannot say.
BEYOND = [
    of(id="é" * (MAX_ID_BYTES // 2 + 1)),
    of(text="bad \udfff"),
    of(timestamp="2026-02-30T08:00:00Z"),
    of(timestamp="1969-12-31T23:00:00Z"),
    of(timestamp="9999-12-31T23:59:59Z"),
    of(timestamp=4_000_000_000),
    '{"id": "1", "id": "2", "text": "good"}',
]
# What the parser forgives: forms of ISO 8601 that few other languages read.
FORGIVEN = [of(timestamp="20261031T080000Z"), of(timestamp="2026-W44-6")]


@pytest.mark.parametrize(
    ("bodies", "schema_takes", "parser_takes"),
    [(TAKEN, True, True), (REFUSED, False, False), (BEYOND, True, False), (FORGIVEN, False, True)],
    ids=["taken", "refused", "beyond JSON Schema", "forgiven"],
)
def test_schema_and_parser_agree_but_for_what_is_listed(
    bodies: list[str], schema_takes: bool, parser_takes: bool
) -> None:
    verdicts = {body[:200]: (by_schema(body), by_parser(body)) for body in bodies}
    assert verdicts == dict.fromkeys(verdicts, (schema_takes, parser_takes))


scalars = st.none() | st.booleans() | st.integers(-5, 1_700_000_000) | st.text(max_size=5) | st.just([])
one = st.fixed_dictionaries({}, optional={"id": scalars, "text": scalars, "timestamp": scalars, "more": scalars})
many = st.fixed_dictionaries({"items": st.lists(one | scalars, max_size=3)}, optional={"id": scalars})


@settings(deadline=None, database=None)
@given((one | many | scalars).map(json.dumps))
def test_schema_and_parser_agree_on_whatever_shape(body: str) -> None:
    assert by_schema(body) == by_parser(body)
