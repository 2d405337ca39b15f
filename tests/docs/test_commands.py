"""Every command on every page: a shell takes it, its program has its options, and a test runs it or cannot."""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import fields
from importlib.util import find_spec
from itertools import takewhile
from pathlib import Path

import botocore.session
import pytest
import yaml
from botocore import xform_name

from settings import Settings, key_of, schema
from tests.docs.commands import PAGES, Call, Shell, scripts
from tests.stacks import STRICT
from tests.waiting import HANG_S
from tools.local.program import ROOT, run

# What runs a module, with the options of the pages or others: the test file, in which its name stands.
TESTED = {
    "examples/stream/poll.py": "examples/test_stream.py",
    "function.build_model": "function/test_build_model.py",
    "function.known_texts": "function/test_known_texts.py",
    "sentiment": "sentiment/test_send.py",
    "tests.function.fuzz": "function/fuzz/test_target.py",
    "tools.bench": "tools/bench/test_bench.py",
    "tools.chaos": "tools/test_ending.py",
    "tools.estimate.capacity": "tools/estimate/capacity/test_capacity.py",
    "tools.estimate.cost": "tools/estimate/cost/test_stack.py",
    "tools.load": "tools/load/test_load.py",
    "tools.local": "tools/local/test_stack.py",
    "tools.models.archive": "tools/models/test_archive.py",
    "tools.models.demonstration": "tools/models/demonstration/test_encoder.py",
    "tools.models.evaluate": "tools/models/evaluate/test_evaluate.py",
    "tools.models.full_size": "tools/bench/test_bench.py",
    "tools.models.train": "tools/models/train/test_train.py",
    "tools.release": "tools/release/test_engine.py",
    "tools.release.smoke": "tools/release/test_smoke.py",
}
NOT_RUN = {
    "aws": "needs AWS; the operations and their options are looked up in botocore's models",
    "docker": "needs Docker",
    "gh": "needs GitHub",
    "git": "needs a remote, or commits",
    "jq": "is not installed everywhere",
    "mypy": "CI runs it, beside the tests",
    "pip": "needs a package index",
    "pre-commit": "needs a package index",
    "pulumi": "needs a backend and AWS; tests/tools/release/test_engine.py runs the CLI on moto",
    "pytest": "runs this",
    "ruff": "CI runs it, beside the tests",
    "sleep": "would only wait",
    "tools.models.sizes": "takes half an hour",
    "uv": "needs a package index",
}
OF_EVERY_OPERATION = {"--cli-binary-format", "--output", "--query", "--region"}  # of the AWS CLI
OWN_OF_THE_CLI: dict[str, set[str]] = {
    "logs tail": {"--since", "--filter-pattern"},
    "s3 cp": set(),
    "sns subscribe": {"--topic-arn", "--protocol", "--attributes", "--notification-endpoint"},
}
READERS = {"STACK": "sentiment", "UPDATE_DOCS": "(tools|pytest)"}  # of variables that no recipe hands on
FUZZ = "tests.function.fuzz"  # whose packages `make fuzz` installs itself
PLACEHOLDER = re.compile(r"[A-Z_]+")


@pytest.fixture(scope="module")
def calls(tmp_path_factory: pytest.TempPathFactory) -> set[Call]:
    """What the pages call. A page's scripts share a shell, since later ones use the functions of earlier ones."""
    found: set[Call] = set()
    for page in PAGES:
        shell = Shell(tmp_path_factory.mktemp(page.stem))
        done = shell.run("\n".join(f"cd {shell.project}\n{script}" for script in scripts(page)))
        assert done.stderr == "", str(page)
        found |= set(shell.calls)
    return found


def run_by_python(words: tuple[str, ...]) -> str:
    """What Python is told to run: a module, or a file."""
    return words[1] if words[0] == "-m" else words[0]


def of(program: str, calls: set[Call]) -> list[tuple[str, ...]]:
    return sorted({call.words for call in calls if call.program == program})


def options(words: tuple[str, ...]) -> set[str]:
    return {word.partition("=")[0] for word in words if re.match(r"--?[a-z]", word)}


def operands(words: tuple[str, ...]) -> list[str]:
    """The words before the first option."""
    return list(takewhile(lambda word: not word.startswith("-"), words))


def test_a_test_runs_every_command_or_none_can(calls: set[Call]) -> None:
    called = {run_by_python(call.words) if call.program == "python" else call.program for call in calls} - {"make"}
    assert called == TESTED.keys() | NOT_RUN.keys()
    for name, file in TESTED.items():
        package, _, module = name.rpartition(".")
        assert re.search(rf"\b{package}(\.| import )?{module}\b", (ROOT / "tests" / file).read_text()), name


def test_make_has_every_target_and_its_recipe_the_variables(calls: set[Call]) -> None:
    recipes = dict(re.findall(r"^([a-z./-]+):(?!=).*\n((?:\t.*\n)*)", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for words in of("make", calls):
        (target,) = [word for word in words if "=" not in word and not word.startswith("-")] or [".venv/pip"]
        for variable in {word.partition("=")[0] for word in words if "=" in word}:
            taken = rf"\b({variable}|{READERS.get(variable, variable)})\b"
            assert re.search(taken, recipes[target]), f"make {target} {variable}=..."


def options_by_help(calls: Iterable[tuple[str, ...]], *program: str) -> Iterator[tuple[tuple[str, ...], str, set[str]]]:
    """For each subcommand that is called: its help, and the options it is called with."""
    given: dict[tuple[str, ...], set[str]] = {}
    for words in calls:
        leading = tuple(takewhile(re.compile("[a-z][a-z-]*").fullmatch, words))
        given.setdefault(leading[:2], set()).update(options(words))
    for subcommand, names in given.items():
        asked = [*program, *subcommand, "--help"]
        done = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, timeout=HANG_S, check=True)
        yield subcommand, done.stdout, names


@pytest.mark.slow(reason="starts Python for every module, and torch with one of them")
def test_every_module_has_its_options(calls: set[Call]) -> None:
    by_module: dict[str, list[tuple[str, ...]]] = {}
    for words in of("python", calls):
        if words[0] != "-m":
            assert (ROOT / words[0]).is_file(), words
            continue
        module = words[1]
        assert find_spec(module), module
        by_module.setdefault(module, []).append(words[2:])
    for module, called in by_module.items():
        if module == FUZZ or not any(map(options, called)):
            continue
        for subcommand, shown, names in options_by_help(called, sys.executable, "-m", module):
            assert [name for name in names if not re.search(rf"{name}\b", shown)] == [], (module, subcommand)


def test_pulumi_s_keys_take_the_values_and_its_outputs_exist(calls: set[Call]) -> None:
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


def test_aws_has_every_operation_and_option(calls: set[Call]) -> None:
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


@pytest.mark.parametrize("target", ["preview", "up", "destroy"])
def test_make_says_first_where_to_get_the_pulumi_cli(target: str, tmp_path: Path) -> None:
    shell = Shell(tmp_path)
    (shell.programs / "pulumi").unlink()
    assert "not on the PATH: https://www.pulumi.com/docs/install/" in shell.run(f"make {target}").stderr
    assert {call.program for call in shell.calls} == {"make"}
