"""Upgrades of stacks: resources keep their names in Pulumi's state; those with data need an alias for a new name."""

import json
from pathlib import Path

import pytest

from tools.local.recorder import Recorder

RECORD = json.loads((Path(__file__).parent / "resources.json").read_text())  # stack -> type path::name
HOLDS_DATA = {
    "sentiment-analyzer:components:Queue$aws:sqs/queue:Queue::queue",
    "sentiment-analyzer:components:Queue$aws:sqs/queue:Queue::queue-dlq",
    "sentiment-analyzer:components:Table$aws:dynamodb/table:Table::results",
    "sentiment-analyzer:components:Image$aws:ecr/repository:Repository::image",
}


def known_as(urn: str) -> str:
    """The part of a URN that the program decides: urn:pulumi:STACK::PROJECT::TYPES::NAME."""
    return urn.split("::", 2)[2].removeprefix("pulumi:pulumi:Stack$")


def test_a_resource_with_data_keeps_its_name_or_has_an_alias(stack: Recorder) -> None:
    registered = {known_as(r.urn) for r in stack.resources}
    aliased = {alias for r in stack.resources for alias in r.aliases}
    former = {known_as(alias) if alias.startswith("urn:") else alias for alias in aliased}
    lost = [
        entry for entry in HOLDS_DATA - registered if entry not in former and entry.rpartition("::")[2] not in former
    ]
    assert lost == [], "an update would delete these resources and their data: give each an alias with its old name"


def test_the_record_lists_every_resource_of_a_stack(stack: Recorder) -> None:
    registered = sorted(known_as(r.urn) for r in stack.resources)
    assert registered == RECORD[stack.stack], "if an update may delete and recreate these, change the record"


@pytest.mark.parametrize("name", ["dev", "prod"])
def test_the_record_keeps_every_resource_with_data(name: str) -> None:
    assert set(RECORD[name]) >= HOLDS_DATA
