"""Updates of a stack that has a state already."""

from collections.abc import Mapping

from tests.stacks import DEV
from tools.local.program import run
from tools.local.recorder import Project, Recorder


def update(has: Mapping[str, Mapping[str, object]], **settings: object) -> Recorder:
    """An update of a stack whose state has these outputs, by type and name."""

    def recorder(project: Project, stack: str, region: str) -> Recorder:
        made = Recorder(project, stack, region)
        urns = {key: f"urn:pulumi:{stack}::{project.name}::{project.name}:components:C${key}" for key in has}
        made.deployed = {urns[key]: {"type": key.partition("::")[0], "outputs": has[key]} for key in has}
        return made

    return run(DEV, recorder, **settings)
