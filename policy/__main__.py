"""The program that `pulumi preview --policy-pack policy` runs. PolicyPack serves the engine and does not return."""

import sys
from pathlib import Path

from pulumi_policy import EnforcementLevel, PolicyPack

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # the engine runs this folder, not the package

from policy.pack import POLICIES  # after the change to sys.path
from policy.rule import rules_wait
from settings.project import project_name

PolicyPack(project_name(), [*POLICIES, rules_wait], EnforcementLevel.MANDATORY)
