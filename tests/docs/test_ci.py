"""The page on other CI systems: its GitLab jobs run what the workflows run, in the same order."""

import re
from typing import Any

import yaml

from tools.project import ROOT

CALL = r"\bmake (?:-s )?([a-z./-]+)"


def gitlab() -> dict[str, Any]:
    (text,) = re.findall(r"```yaml\n(.*?)```", (ROOT / "docs" / "ci.md").read_text(), re.DOTALL)
    return yaml.safe_load(text)


def calls(lines: list[str]) -> list[str]:
    return [target for line in lines for target in re.findall(CALL, line)]


def workflow_calls(name: str, job: str) -> list[str]:
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / f"{name}.yml").read_text())
    return calls([step.get("run", "") for step in workflow["jobs"][job]["steps"]])


def test_gitlab_deploys_the_way_the_workflows_do() -> None:
    jobs = gitlab()
    assert calls(jobs["dev"]["script"]) == workflow_calls("deploy", "dev")
    assert calls(jobs["prod"]["script"] + jobs["prod"]["after_script"]) == workflow_calls("deploy", "prod")
    assert calls(jobs["preview"]["script"])[:-1] == workflow_calls("preview", "preview")  # its last step is an action


def test_gitlab_deploys_to_a_stack_one_job_at_a_time_without_interruption() -> None:
    jobs = gitlab()
    for stack in ("dev", "prod"):
        assert jobs[stack]["resource_group"] == f"deploy-{stack}"
        assert jobs[stack]["interruptible"] is False
    assert jobs["prod"]["rules"][0]["when"] == "manual"


def test_the_table_lists_the_targets_of_each_job() -> None:
    rows = re.findall(r"^\| (preview|dev|prod) \|(.*)$", (ROOT / "docs" / "ci.md").read_text(), re.MULTILINE)
    listed = {job: re.findall(CALL, row) for job, row in rows}
    assert listed["dev"] == workflow_calls("deploy", "dev")
    assert listed["prod"] == workflow_calls("deploy", "prod")
    assert listed["preview"][:-1] == workflow_calls("preview", "preview")
