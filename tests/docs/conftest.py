"""The calls that the pages' commands make."""

import pytest

from tests.docs.commands import PAGES, Call, Shell, scripts


@pytest.fixture(scope="session")
def calls(tmp_path_factory: pytest.TempPathFactory) -> set[Call]:
    """The calls of all pages. A page's scripts share a shell, because later ones use functions of earlier ones."""
    found: set[Call] = set()
    for page in PAGES:
        shell = Shell(tmp_path_factory.mktemp(page.stem))
        done = shell.run("\n".join(f"cd {shell.project}\n{script}" for script in scripts(page)))
        assert done.stderr == "", str(page)
        found |= set(shell.calls)
    return found
