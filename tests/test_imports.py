"""The repository's own imports have no cycle, and dependencies point one way."""

import ast
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
# The other packages that each package may import. `__main__` is the program at the top.
ALLOWED: dict[str, set[str]] = {
    "sentiment_contract": set(),
    "sentiment": {"sentiment_contract"},
    "function": {"sentiment_contract"},
    "components": {"sentiment_contract", "function.names", "function.manifest"},
    "settings": {"function.manifest", "function.memory"},
    "policy": {"function.names", "settings.polling", "settings.project"},
    "examples": {"sentiment"},
    "__main__": {"settings", "components"},
    "tools": {"settings", "components", "function", "sentiment", "sentiment_contract"},
}


def modules() -> dict[str, Path]:
    files = [ROOT / "__main__.py", *(file for package in ALLOWED for file in (ROOT / package).rglob("*.py"))]
    names = {".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): file for file in files}
    assert {name.partition(".")[0] for name in names} == set(ALLOWED)
    return names


MODULES = modules()


def imports(tree: ast.AST, known: set[str]) -> set[str]:
    """The known modules that code imports, inside functions too."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, "imports must be absolute"
            assert node.module
            members = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= (members & known) or {node.module}  # a package's modules, or the package
    return found & known


GRAPH = {name: imports(ast.parse(file.read_text()), MODULES.keys() - {name}) for name, file in MODULES.items()}


def test_the_imports_have_no_cycle() -> None:
    try:
        TopologicalSorter(GRAPH).prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1][::-1]))


@pytest.mark.parametrize("package", ALLOWED)
def test_a_package_imports_only_packages_below_it(package: str) -> None:
    def allowed(imported: str) -> bool:
        return any(imported == name or imported.startswith(f"{name}.") for name in {package, *ALLOWED[package]})

    wrong = {
        f"{name} -> {imported}"
        for name, found in GRAPH.items()
        if name.partition(".")[0] == package
        for imported in found
        if not allowed(imported)
    }
    assert not wrong


def test_imports_inside_functions_are_found_too() -> None:
    code = "import a.b\nfrom c import d\ndef f():\n    from e import g\n    from e.h import i"
    assert imports(ast.parse(code), {"a.b", "c.d", "c", "e", "e.h", "x"}) == {"a.b", "c.d", "e", "e.h"}
