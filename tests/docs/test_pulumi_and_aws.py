"""The pages call Pulumi and AWS only with keys, values, outputs, operations and options that exist."""

import re
import shutil
from dataclasses import fields

import botocore.session
import pytest
import yaml
from botocore import xform_name

from settings import Settings, key_of, schema
from tests.docs.commands import Call, of, operands, options, options_by_help
from tests.stacks import STRICT
from tools.local.program import ROOT, run

pytestmark = pytest.mark.slow(reason="runs every command of the pages")

OF_EVERY_OPERATION = {"--cli-binary-format", "--output", "--query", "--region"}  # of the AWS CLI itself
OWN_OF_THE_CLI: dict[str, set[str]] = {
    "logs tail": {"--since", "--filter-pattern"},
    "s3 cp": set(),
    "sns subscribe": {"--topic-arn", "--protocol", "--attributes", "--notification-endpoint"},
}
PLACEHOLDER = re.compile(r"[A-Z_]+")


def test_pulumi_commands_use_existing_keys_and_outputs_and_valid_values(calls: set[Call]) -> None:
    bootstrap = yaml.safe_load((ROOT / "tools" / "bootstrap" / "Pulumi.yaml").read_text())["config"]
    outputs = run(STRICT).outputs
    fields_by_key = {key_of(each.name): each for each in fields(Settings)}
    for words in of("pulumi", calls):
        if words[:2] == ("stack", "output"):
            assert set(operands(words)[2:]) <= outputs.keys(), words
        if words[0] == "config" and ":" not in words[2] and not PLACEHOLDER.fullmatch(words[2]):
            assert words[2] in schema() or words[2] in bootstrap, words
        if words[:2] == ("config", "set") and words[2] in schema():
            kind = schema()[words[2]]["type"]
            value: object = yaml.safe_load(words[3]) if kind in ("integer", "boolean") else words[3]
            assert isinstance(value, {"integer": int, "boolean": bool, "string": str}[kind]), words
            rule = fields_by_key[words[2]].metadata.get("rule")
            assert rule is None or rule.holds(value), words


@pytest.mark.skipif(not shutil.which("pulumi"), reason="the Pulumi CLI is not on the PATH")
@pytest.mark.slow(reason="each help takes the CLI half a second")
def test_the_pulumi_cli_has_every_subcommand_and_option(calls: set[Call]) -> None:
    for command, shown, names in options_by_help(of("pulumi", calls), "pulumi"):
        assert [name for name in names if not re.search(rf"{name}\b", shown)] == [], command
        assert "Available Commands" not in shown or f"  pulumi {' '.join(command)} " in shown, command


def test_the_aws_cli_has_every_operation_and_option(calls: set[Call]) -> None:
    session = botocore.session.get_session()
    for service, operation, *words in set(of("aws", calls)) - {("--version",)}:
        known = OWN_OF_THE_CLI.get(f"{service} {operation}")
        if known is None:
            model = session.get_service_model(service)
            operations = {xform_name(name, "-"): name for name in model.operation_names}
            assert operation in operations, f"aws {service} {operation}"
            shape = model.operation_model(operations[operation]).input_shape
            known = {f"--{xform_name(name, '-')}" for name in (shape.members if shape else ())}
        assert options(tuple(words)) - known - OF_EVERY_OPERATION == set(), f"aws {service} {operation}"
