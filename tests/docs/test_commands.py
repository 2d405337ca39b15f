"""Every command on every page works in a shell, its program has its options, and a test runs it unless none can."""

import re
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.docs.commands import Call, Shell, of, options, options_by_help
from tools.local.program import ROOT

pytestmark = pytest.mark.slow(reason="runs every command of the pages")

# Module -> the test file that names it and runs it, with the options of the pages or with others.
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
    "tools.models.fidelity": "tools/models/fidelity/test_gate.py",
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
    "tools.models.sizes": "takes three minutes",
    "uv": "needs a package index",
}
READERS = {"STACK": "sentiment", "UPDATE_DOCS": "(tools|pytest)"}  # of variables that no recipe passes on
FUZZ = "tests.function.fuzz"  # whose packages `make fuzz` installs itself


def run_by_python(words: tuple[str, ...]) -> str:
    """The module or file that Python runs."""
    return words[1] if words[0] == "-m" else words[0]


def test_every_command_has_a_test_or_a_reason_for_none(calls: set[Call]) -> None:
    called = {run_by_python(call.words) if call.program == "python" else call.program for call in calls} - {"make"}
    assert called == TESTED.keys() | NOT_RUN.keys()
    for name, file in TESTED.items():
        package, _, module = name.rpartition(".")
        assert re.search(rf"\b{package}(\.| import )?{module}\b", (ROOT / "tests" / file).read_text()), name


def test_make_has_every_target_and_uses_its_variables(calls: set[Call]) -> None:
    recipes = dict(re.findall(r"^([a-z./-]+):(?!=).*\n((?:\t.*\n)*)", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for words in of("make", calls):
        (target,) = [word for word in words if "=" not in word and not word.startswith("-")] or [".venv/pip"]
        for variable in {word.partition("=")[0] for word in words if "=" in word}:
            taken = rf"\b({variable}|{READERS.get(variable, variable)})\b"
            assert re.search(taken, recipes[target]), f"make {target} {variable}=..."


@pytest.mark.slow(reason="starts Python for every module, and torch with one of them")
def test_every_module_has_the_options_that_the_pages_use(calls: set[Call]) -> None:
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


@pytest.mark.parametrize("target", ["preview", "up", "destroy"])
def test_make_links_to_the_pulumi_cli_before_it_runs_anything(target: str, tmp_path: Path) -> None:
    shell = Shell(tmp_path)
    (shell.programs / "pulumi").unlink()
    assert "not on the PATH: https://www.pulumi.com/docs/install/" in shell.run(f"make {target}").stderr
    assert {call.program for call in shell.calls} == {"make"}
