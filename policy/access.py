"""Who may do what: no public access, no plain HTTP, no more than is needed, nothing misspelt."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from pulumi_policy import ReportViolation, StackValidationArgs, StackValidationPolicy

from policy.actions import KNOWN, WITHOUT_RESOURCE
from policy.rule import QUEUE, TOPIC, Props, as_list, neighbour, resource_rule

KEY = "aws:kms/key:Key"
QUEUE_POLICY = "aws:sqs/queuePolicy:QueuePolicy"
TOPIC_POLICY = "aws:sns/topicPolicy:TopicPolicy"
ROLE = "aws:iam/role:Role"
STATEMENTS_OF = ("policy", "assumeRolePolicy")
GRANTS = (
    *(f"aws:iam/{kind}Policy:{kind.capitalize()}Policy" for kind in ("role", "user", "group")),
    "aws:iam/policy:Policy",
    "aws:ecr/repositoryPolicy:RepositoryPolicy",
    QUEUE_POLICY,
    TOPIC_POLICY,
    ROLE,
)


@resource_rule()
def nobody_is_let_in_without_a_name(resource: Props) -> Iterator[str]:
    """No policy, permission or function URL allows anyone whatsoever."""
    for statement in _allowed(resource):
        principal = statement.get("Principal", {})
        named = principal.values() if isinstance(principal, Mapping) else [principal]
        if "NotPrincipal" in statement or any("*" in as_list(value) for value in named):
            yield f"statement {_sid(statement)} allows everybody"
    if resource.get("principal") == "*" or resource.get("authorizationType") == "NONE":
        yield "lets everybody invoke the function"


@resource_rule(*GRANTS)
def grants_name_their_actions(resource: Props) -> Iterator[str]:
    """A statement allows actions by name, and names that exist: AWS takes any, and a misspelt one grants nothing."""
    for statement in _allowed(resource):
        if "NotAction" in statement:
            yield f"statement {_sid(statement)} allows everything but some (NotAction)"
        for action in as_list(statement.get("Action")):
            if action not in KNOWN:
                yield f"statement {_sid(statement)} allows {action!r}, which policy/actions.py does not know"


@resource_rule(*GRANTS)
def grants_name_their_resources(resource: Props) -> Iterator[str]:
    """A statement allows actions on resources by ARN; on "*" only what has no resource to name."""
    for statement in _allowed(resource):
        wide = "NotResource" in statement or "*" in as_list(statement.get("Resource"))
        if wide and (actions := sorted(set(as_list(statement.get("Action"))) - WITHOUT_RESOURCE)):
            yield f"statement {_sid(statement)} allows {', '.join(actions)} on every resource"


@resource_rule(KEY)
def key_is_administered_by_its_account_alone(key: Props) -> Iterator[str]:
    """A key's policy allows every action to an account's root only, which KMS asks for."""
    for statement in _allowed(key):
        principal = statement.get("Principal", {})
        who = as_list(principal.get("AWS")) if isinstance(principal, Mapping) and set(principal) == {"AWS"} else []
        if any(action in ("*", "kms:*") for action in as_list(statement.get("Action"))) and not (
            who and all(str(arn).endswith(":root") for arn in who)
        ):
            yield f"statement {_sid(statement)} allows every action to {principal}"


@resource_rule(ROLE, "aws:iam/rolePolicyAttachment:RolePolicyAttachment")
def role_has_no_policy_of_aws(resource: Props) -> Iterator[str]:
    """A role has policies of its stack: those that AWS manages allow more than is needed, and change."""
    for arn in [*as_list(resource.get("managedPolicyArns")), *as_list(resource.get("policyArn"))]:
        if ":iam::aws:policy/" in arn:
            yield f"{arn} is not of this stack"


@resource_rule(QUEUE_POLICY, TOPIC_POLICY)
def policy_denies_plain_http(policy: Props) -> Iterator[str]:
    """A queue's or topic's policy denies everybody what is sent without TLS."""
    if not any(_denies_plain_http(statement) for statement in _statements(policy)):
        yield "policy must deny everybody, where aws:SecureTransport is false, every action or sns:Publish"


def _every_queue_and_topic_has_a_policy(args: StackValidationArgs, report: ReportViolation) -> None:
    guarded = {
        resource.urn
        for policy in args.resources
        for resource in (neighbour(policy, "queueUrl", QUEUE), neighbour(policy, "arn", TOPIC))
        if resource and policy.resource_type in (QUEUE_POLICY, TOPIC_POLICY)
    }
    for resource in args.resources:
        if resource.resource_type in (QUEUE, TOPIC) and resource.urn not in guarded:
            report(f"{resource.name}: has no policy", resource.urn)


queue_and_topic_have_a_policy = StackValidationPolicy(
    "queue-and-topic-have-a-policy",
    "Every queue and topic has a policy, since without one plain HTTP is allowed.",
    _every_queue_and_topic_has_a_policy,
)


def _denies_plain_http(statement: Mapping[str, Any]) -> bool:
    condition = statement.get("Condition", {}).get("Bool", {}).get("aws:SecureTransport")
    return (
        statement["Effect"] == "Deny"
        and statement.get("Principal") in ("*", {"AWS": "*"})
        and str(condition).lower() == "false"
        and set(map(str.lower, as_list(statement.get("Action")))) & {"*", "sqs:*", "sns:*", "sns:publish"} != set()
    )


def _allowed(resource: Props) -> Iterator[Mapping[str, Any]]:
    return (statement for statement in _statements(resource) if statement["Effect"] == "Allow")


def _statements(resource: Props) -> Iterator[Mapping[str, Any]]:
    """Of every JSON policy that a resource holds."""
    inline = [policy.get("policy") for policy in resource.get("inlinePolicies") or []]
    for text in [*(resource.get(name) for name in STATEMENTS_OF), *inline]:
        if isinstance(text, str) and text:
            yield from as_list(json.loads(text).get("Statement"))  # an ECR lifecycle policy has none


def _sid(statement: Mapping[str, Any]) -> str:
    return statement.get("Sid") or "without a Sid"
