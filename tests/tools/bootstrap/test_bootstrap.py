"""The bootstrap: roles that allow what the components need, and nothing else; a secure state bucket."""

import json
import re
import runpy
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import botocore.session
import pulumi
import pytest
import yaml

from settings import SettingsError, max_stack_chars, project_name
from tests.stacks import DEV, PROD, STRICT
from tools.bootstrap import documents
from tools.bootstrap.rights import ANY, DATA_KEY, FUNCTION, PREFIX, RIGHTS, ROLE, STEPS, Grant
from tools.local import program
from tools.local.program import ROOT, run
from tools.local.recorder import ACCOUNT, Monitor, Project, Recorder
from tools.project import PROJECT

MAX_POLICY_CHARS = 6144  # IAM's limit for a managed policy
KEY = "arn:aws:kms:us-west-2:123456789012:key/11111111-2222-3333-4444-555555555555"
DOCUMENTS = (documents.preview, documents.change, documents.operate)
GRANTS = [grant for grants in RIGHTS.values() for grant in grants] + [DATA_KEY, *STEPS]


@pytest.fixture(scope="module")
def bootstrap() -> Recorder:
    project = yaml.safe_load((ROOT / "tools" / "bootstrap" / "Pulumi.yaml").read_text())
    values = {key: spec["default"] for key, spec in project["config"].items() if "default" in spec}
    values |= {"repository": "owner/name"}
    recorder = Recorder(Project(project["name"], "{project}-{stack}-{name}-000000"), "account", "us-west-2")
    pulumi.runtime.set_mocks(recorder, project=project["name"], stack="account", monitor=Monitor(recorder))
    pulumi.runtime.set_all_config(
        {f"{project['name']}:{key}": v if isinstance(v, str) else json.dumps(v) for key, v in values.items()}
    )

    @pulumi.runtime.test
    def program() -> pulumi.Output[None]:
        runpy.run_path(str(ROOT / "tools" / "bootstrap" / "__main__.py"), run_name="__main__")
        root: Any = pulumi.runtime.settings.get_root_resource()
        return pulumi.Output.all(**root.outputs).apply(recorder.outputs.update)

    program()
    return recorder


def statements(document: str) -> list[dict[str, Any]]:
    return json.loads(document)["Statement"]


def key_statements() -> list[dict[str, Any]]:
    return [
        s
        for make in DOCUMENTS
        for s in statements(make("aws", ACCOUNT, "dev"))
        if any(a.startswith("kms:") for a in s["Action"])
    ]


def table_of(stack: str) -> str:
    """The one table that a stack's role may touch."""
    of_all = [s for make in DOCUMENTS for s in statements(make("aws", ACCOUNT, stack))]
    of_tables = [s for s in of_all if "dynamodb:" in s["Action"][0]]
    (name,) = {s["Resource"].partition(":table/")[2] for s in of_tables}
    return name


# The AWS provider (5.100) called REFRESH when it refreshed prod on moto, on 2026-11-26; moto lacks SCALING.
REFRESH = """
    cloudwatch:DescribeAlarms cloudwatch:GetDashboard cloudwatch:ListTagsForResource dynamodb:DescribeContinuousBackups
    dynamodb:DescribeTable dynamodb:DescribeTimeToLive dynamodb:ListTagsOfResource ecr:DescribeRepositories
    ecr:GetAuthorizationToken ecr:GetLifecyclePolicy ecr:GetRepositoryPolicy ecr:ListTagsForResource iam:GetPolicy
    iam:GetPolicyVersion iam:GetRole iam:GetRolePolicy iam:ListAttachedRolePolicies iam:ListRolePolicies
    kms:DescribeKey kms:GetKeyPolicy kms:GetKeyRotationStatus kms:ListResourceTags lambda:GetAlias
    lambda:GetEventSourceMapping lambda:GetFunction lambda:ListTags lambda:ListVersionsByFunction logs:DescribeLogGroups
    logs:ListTagsForResource sns:GetSubscriptionAttributes sns:GetTopicAttributes sns:ListTagsForResource
    sqs:GetQueueAttributes sqs:ListQueueTags
"""
SCALING = """
    application-autoscaling:DescribeScalableTargets application-autoscaling:DescribeScalingPolicies
    application-autoscaling:ListTagsForResource lambda:GetProvisionedConcurrencyConfig
"""


def names(grants: list[Grant]) -> set[str]:
    return {f"{g.service}:{name}" for g in grants for name in f"{g.read} {g.write}".split()}


# Rights


def test_the_rights_cover_every_resource_type_of_the_stacks_and_no_other(dev: Recorder, prod: Recorder) -> None:
    others = [
        run(DEV, alarmEmail="on-call@example.com", kmsKeyArn=KEY),
        run(PROD, stableVersion=7, canary=True),
        run(STRICT),
    ]
    used = {r.type for recorder in (dev, prod, *others) for r in recorder.resources if r.custom}
    assert used - set(RIGHTS) == set(), "tools/bootstrap/rights.py does not list the rights to deploy these"
    assert set(RIGHTS) - used == set(), "no component registers these any more"


def test_aws_knows_every_action() -> None:
    session = botocore.session.get_session()
    known = {
        f"{service}:{operation}"
        for service in {grant.service for grant in GRANTS}
        for operation in session.get_service_model(service).operation_names
    }
    assert names(GRANTS) - known == {"iam:PassRole", "lambda:InvokeFunction"}


def test_a_preview_can_only_read() -> None:
    actions = {action for s in statements(documents.preview("aws", ACCOUNT, "dev")) for action in s["Action"]}
    assert {a for a in actions if a.partition(":")[2][:3] not in {"Get", "Des", "Lis"}} == set()


def test_a_preview_may_read_everything_that_a_refresh_reads() -> None:
    allowed = {action for s in statements(documents.preview("aws", ACCOUNT, "prod")) for action in s["Action"]}
    assert set(f"{REFRESH} {SCALING}".split()) - allowed == set()


def test_no_action_is_a_wildcard_and_only_listed_ones_reach_any_resource() -> None:
    everything = [s for document in DOCUMENTS for s in statements(document("aws", ACCOUNT, "dev"))]
    assert not [a for s in everything for a in s["Action"] if "*" in a]
    unscoped = {a for s in everything if s["Resource"] == ANY and "Condition" not in s for a in s["Action"]}
    assert unscoped == {
        "application-autoscaling:DescribeScalableTargets",
        "application-autoscaling:DescribeScalingPolicies",
        "cloudwatch:DeleteAlarms",  # Application Auto Scaling requires it
        "cloudwatch:DescribeAlarms",
        "cloudwatch:GetMetricStatistics",
        "cloudwatch:PutMetricAlarm",  # Application Auto Scaling requires it
        "ec2:DescribeSecurityGroups",
        "ec2:DescribeSubnets",
        "ec2:DescribeVpcs",
        "ecr:GetAuthorizationToken",
        "lambda:ListEventSourceMappings",
        "logs:DescribeLogGroups",
        "sns:GetSubscriptionAttributes",
        "sns:SetSubscriptionAttributes",
        "sns:Unsubscribe",
    }


def test_a_role_may_be_passed_only_to_lambda() -> None:
    (passing,) = [s for s in statements(documents.change("aws", ACCOUNT, "dev")) if "iam:PassRole" in s["Action"]]
    assert passing["Condition"] == {"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}}


def test_the_rights_of_dev_do_not_reach_prods_resources() -> None:
    written = [s["Resource"] for s in statements(documents.change("aws", ACCOUNT, "dev"))]
    by_name = [resource for resource in written if f"{PROJECT}-" in resource and "*:*:repository" not in resource]
    assert by_name
    assert not [r for r in by_name if f"{PROJECT}-dev" not in r and not re.search(r":table/[^/]+-dev$", r)]


def test_a_stacks_rights_cover_the_names_of_its_resources(shipped: Recorder) -> None:
    prefix = PREFIX.format(stack=shipped.stack)
    assert shipped.project.pattern.format(project=shipped.project.name, stack=shipped.stack, name="").startswith(prefix)
    assert shipped.one("aws:dynamodb/table:Table").inputs["name"] == table_of(shipped.stack)
    assert shipped.one("aws:cloudwatch/dashboard:Dashboard").inputs["dashboardName"] == prefix.removesuffix("-")


@pytest.mark.parametrize(("file", "table"), [("", f"{PROJECT}-results-qa"), ("tableName: moods", "moods-qa")])
def test_a_stacks_rights_reach_only_its_own_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file: str, table: str
) -> None:
    assert table_of("qa") == f"{PROJECT}-results-qa", "a stack that has no file yet"
    (tmp_path / "Pulumi.qa.yaml").write_text(f"config: {{{file}}}")
    monkeypatch.setattr(program, "ROOT", tmp_path)
    assert table_of("qa") == table


def test_a_stacks_file_cannot_change_the_tags_that_key_rights_require() -> None:
    copied = run(DEV, **{"aws:defaultTags": {"tags": {"Project": "other", "Environment": "prod"}}})
    tags = copied.one("aws:kms/key:Key").inputs["tags"]
    conditions = [s["Condition"]["StringEquals"] for s in key_statements() if "StringEquals" in s.get("Condition", {})]
    assert conditions
    for condition in conditions:
        assert {key.partition("/")[2]: value for key, value in condition.items()}.items() <= tags.items()


def test_no_call_that_creates_a_key_depends_on_its_tags() -> None:
    """The calls are those of kms.resourceKeyCreate and its read in the AWS provider, with the inputs of Topic."""
    on_tags = {
        action
        for s in key_statements()
        if any("ResourceTag" in key for key in s.get("Condition", {}).get("StringEquals", {}))
        for action in s["Action"]
    }
    reads = {"kms:DescribeKey", "kms:GetKeyPolicy", "kms:GetKeyRotationStatus", "kms:ListResourceTags"}
    assert on_tags & {"kms:CreateKey", "kms:EnableKeyRotation", "kms:TagResource", *reads} == set()
    assert {"kms:PutKeyPolicy", "kms:ScheduleKeyDeletion"} <= on_tags


def test_the_topics_key_skips_the_policy_lockout_check(dev: Recorder) -> None:
    assert dev.one("aws:kms/key:Key").inputs["bypassPolicyLockoutSafetyCheck"] is True


def test_a_deployment_has_the_rights_that_aws_services_check() -> None:
    allowed = {(a, s["Resource"]) for s in statements(documents.change("aws", ACCOUNT, "prod")) for a in s["Action"]}
    function, role = (f"arn:aws:{arn.format(account=ACCOUNT, stack='prod')}" for arn in (FUNCTION, ROLE))
    assert {
        # Application Auto Scaling
        ("cloudwatch:PutMetricAlarm", ANY),
        ("cloudwatch:DeleteAlarms", ANY),
        ("lambda:PutProvisionedConcurrencyConfig", function),
        ("lambda:DeleteProvisionedConcurrencyConfig", function),
        # Lambda
        ("iam:PassRole", role),
        ("ecr:BatchGetImage", f"arn:aws:ecr:*:*:repository/{PROJECT}-*"),
        ("ecr:GetDownloadUrlForLayer", f"arn:aws:ecr:*:*:repository/{PROJECT}-*"),
    } <= allowed
    read = {action for s in statements(documents.preview("aws", ACCOUNT, "prod")) for action in s["Action"]}
    assert {"cloudwatch:DescribeAlarms", "lambda:GetProvisionedConcurrencyConfig"} <= read


def test_a_deployment_decrypts_only_through_the_listed_services() -> None:
    grants = [s for s in statements(documents.operate("aws", ACCOUNT, "dev")) if "kms:Decrypt" in s["Action"]]
    assert [s["Condition"] for s in grants] == [
        {"StringLike": {"kms:ViaService": [f"{via}.*.amazonaws.com*" for via in ("dynamodb", "ecr", "lambda", "sns")]}},
        {"StringLike": {"kms:ViaService": "sqs.*.amazonaws.com*"}},
    ]


def test_the_policies_fit_iam_with_the_longest_stack_name() -> None:
    longest = "s" * max_stack_chars(project_name())
    sizes = [len(make("aws-us-gov", ACCOUNT, longest)) for make in DOCUMENTS]
    assert max(sizes) <= MAX_POLICY_CHARS


# Roles


def test_each_role_trusts_one_environment_of_one_repository(bootstrap: Recorder) -> None:
    subjects = {}
    for role in bootstrap.all("aws:iam/role:Role"):
        (statement,) = statements(role.inputs["assumeRolePolicy"])
        claims = statement["Condition"]["StringEquals"]
        assert claims[f"{documents.ISSUER}:aud"] == documents.AUDIENCE
        subjects[role.name] = claims[f"{documents.ISSUER}:sub"]
    assert subjects == {
        "preview-dev": "repo:owner/name:environment:preview-dev",
        "deploy-dev": "repo:owner/name:environment:dev",
        "preview-prod": "repo:owner/name:environment:preview-prod",
        "deploy-prod": "repo:owner/name:environment:prod",
    }


@pytest.mark.parametrize("repository", ["owner/name", "owner@123456/my.name@456789", "repo:owner@123456/name@456789"])
def test_a_repository_is_trusted_under_the_name_in_its_tokens(repository: str) -> None:
    (statement,) = statements(documents.trust("arn", repository, "prod"))
    subject = statement["Condition"]["StringEquals"][f"{documents.ISSUER}:sub"]
    assert subject == f"repo:{repository.removeprefix('repo:')}:environment:prod"


@pytest.mark.parametrize("repository", ["", "name", "owner/*", "owner@1/name", "owner/name:environment:prod", "a/b/c"])
def test_an_invalid_repository_name_is_refused(repository: str) -> None:
    with pytest.raises(SettingsError, match="must be OWNER@ID/NAME@ID or OWNER/NAME"):
        documents.trust("arn", repository, "prod")


def test_the_roles_trust_the_environments_of_the_workflows(bootstrap: Recorder) -> None:
    workflows = [yaml.safe_load(path.read_text()) for path in (ROOT / ".github" / "workflows").glob("*.yml")]
    named = {job["environment"] for workflow in workflows for job in workflow["jobs"].values() if "environment" in job}
    used = {re.sub(r"\$\{\{.*\}\}", stack, environment) for environment in named for stack in ("dev", "prod")}
    trusted = {
        statements(role.inputs["assumeRolePolicy"])[0]["Condition"]["StringEquals"][f"{documents.ISSUER}:sub"]
        for role in bootstrap.all("aws:iam/role:Role")
    }
    assert trusted == {f"repo:owner/name:environment:{environment}" for environment in used}


def test_a_preview_reads_the_state_and_a_deployment_writes_it(bootstrap: Recorder) -> None:
    def actions(role: str) -> set[str]:
        policy = bootstrap.one("aws:iam/rolePolicy:RolePolicy", f"{role}-state").inputs["policy"]
        return {action for s in statements(policy) for action in s["Action"]}

    assert actions("preview-prod") == {"s3:ListBucket", "s3:GetObject", "kms:Decrypt"}
    assert {"s3:PutObject", "s3:DeleteObject", "kms:Encrypt"} < actions("deploy-prod")


def test_a_deployment_writes_only_its_own_stacks_state() -> None:
    (own,) = [s["Resource"] for s in statements(documents.state("BUCKET", KEY, "dev")) if "s3:PutObject" in s["Action"]]

    def may_write(name: str) -> bool:
        return any(fnmatchcase(f"BUCKET/.pulumi/{name}", pattern) for pattern in own)

    def files(stack: str) -> list[str]:
        """Where Pulumi keeps a stack in a bucket (pulumi/pulumi, pkg/backend/diy/store.go and lock.go)."""
        places = "stacks/{}.json stacks/{}.json.bak history/{}/1.json backups/{}/1.json locks/organization/{}/1.json"
        return places.replace("{}", f"{PROJECT}/{stack}").split()

    assert all(map(may_write, files("dev")))
    others = [*files("prod"), *files("dev-2"), "meta.yaml", "stacks/sentiment-analyzer-bootstrap/account-dev.json"]
    assert not any(map(may_write, others))


# State


def test_the_state_is_versioned_encrypted_and_private(bootstrap: Recorder) -> None:
    versions = bootstrap.one("aws:s3/bucketVersioning:BucketVersioning").inputs["versioningConfiguration"]
    private = bootstrap.one("aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock").inputs
    (rule,) = bootstrap.one(
        "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
    ).inputs["rules"]
    (policy,) = statements(bootstrap.one("aws:s3/bucketPolicy:BucketPolicy").inputs["policy"])
    assert versions == {"status": "Enabled"}
    blocks = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
    assert {name: private[name] for name in blocks} == dict.fromkeys(blocks, True)
    assert rule["applyServerSideEncryptionByDefault"]["sseAlgorithm"] == "aws:kms"
    assert policy["Effect"] == "Deny"
    assert policy["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert bootstrap.outputs["backendUrl"].startswith("s3://")
