"""A record of the registrations for dev and prod reveals a new key whose default changes a stack."""

import json
import os
import re
from pathlib import Path

from tests.components.test_upgrade import known_as
from tools.local.recorder import Recorder

RECORDS = Path(__file__).parent / "registrations"
IMAGE_TAG = r"\b[0-9a-f]{16}\b"  # changes with every file of the image


def registered(stack: Recorder) -> str:
    """Every resource's inputs by Pulumi's name for it, as JSON, without the image's tag and the project's name."""
    project = re.escape(stack.project.name) + "(?!:components:)"  # also in a renamed copy, whose types stay the same
    inputs = {known_as(r.urn): r.inputs for r in stack.resources}
    text = re.sub(IMAGE_TAG, "TAG", json.dumps(inputs, indent=1, sort_keys=True))
    return re.sub(project, "PROJECT", text) + "\n"


def test_a_stacks_registrations_match_the_record(stack: Recorder) -> None:
    record = RECORDS / f"{stack.stack}.json"
    if "UPDATE_RECORD" in os.environ:
        record.write_text(registered(stack))
    assert registered(stack).splitlines() == record.read_text().splitlines(), (
        "an update would change people's stacks; if that is intended, run this test with UPDATE_RECORD=1 and commit"
    )
