"""If the repository already holds an image, its digest is deployed, and nothing is built or pushed."""

from typing import Any

import pytest
from pulumi.runtime.mocks import MockCallArgs

from tests.stacks import DEV
from tools.local.program import run
from tools.local.recorder import Project, Recorder, Resource

BUILD, REPOSITORY, FUNCTION = (
    "docker:index/image:Image",
    "aws:ecr/repository:Repository",
    "aws:lambda/function:Function",
)
DIGEST = "sha256:" + "d" * 64


def after(first: Recorder, *left: str, **pushed: str) -> Recorder:
    """The next update: its state holds the first one's resources of types `left`, and its repository holds `pushed`."""

    def recorder(project: Project, stack: str, region: str) -> Recorder:
        second = Recorder(project, stack, region)
        second.deployed = {r.urn: state_of(r) for r in first.resources if r.type in left}
        second.pushed = pushed
        return second

    return run(DEV, recorder)


def state_of(resource: Resource) -> dict[str, Any]:
    outputs = dict(resource.outputs)
    if resource.type == BUILD:
        outputs["baseImageName"] = resource.inputs["imageName"]  # as the provider answers
    return {"type": resource.type, "outputs": outputs}


def tag_of(stack: Recorder) -> str:
    return stack.one(BUILD).inputs["imageName"].rpartition(":")[2]


def test_a_pushed_image_that_the_state_lacks_is_deployed_by_digest(dev: Recorder) -> None:
    again = after(dev, REPOSITORY, **{tag_of(dev): DIGEST})
    assert again.all(BUILD) == []
    own = again.one(REPOSITORY).outputs["repositoryUrl"]
    assert again.one(FUNCTION).inputs["imageUri"] == again.outputs["imageUri"] == f"{own}@{DIGEST}"


def test_the_last_build_in_the_state_stays_unchanged(dev: Recorder) -> None:
    again = after(dev, REPOSITORY, BUILD, **{tag_of(dev): DIGEST})
    assert again.one(BUILD).inputs["imageName"] == dev.one(BUILD).inputs["imageName"]
    assert set(again.one(BUILD).ignore_changes) == {"build", "registry"}, "an immutable tag accepts no second push"
    assert again.outputs["imageUri"] == dev.outputs["imageUri"]


@pytest.mark.parametrize("left", [(), (REPOSITORY,)])
def test_a_missing_tag_is_built(dev: Recorder, left: tuple[str, ...]) -> None:
    again = after(dev, *left, other=DIGEST)
    assert again.one(BUILD).inputs["imageName"] == dev.one(BUILD).inputs["imageName"]
    assert not again.one(BUILD).ignore_changes


def test_a_tag_is_built_even_if_the_state_holds_another_build(dev: Recorder) -> None:
    older = run(DEV, architecture="arm64")
    again = after(older, REPOSITORY, BUILD, **{tag_of(older): DIGEST})
    assert tag_of(again) == tag_of(dev)
    assert not again.one(BUILD).ignore_changes


def test_the_build_continues_if_the_registry_does_not_list_its_images(
    dev: Recorder, caplog: pytest.LogCaptureFixture
) -> None:
    class Denied(Recorder):
        def call(self, args: MockCallArgs) -> Any:
            if args.token == "aws:ecr/getImages:getImages":
                return {}, [("", "AccessDenied: ecr:ListImages")]
            return super().call(args)

    def recorder(project: Project, stack: str, region: str) -> Recorder:
        denied = Denied(project, stack, region)
        denied.deployed = {r.urn: state_of(r) for r in dev.all(REPOSITORY)}
        return denied

    again = run(DEV, recorder)
    assert tag_of(again) == tag_of(dev)
    assert "AccessDenied" in caplog.text
