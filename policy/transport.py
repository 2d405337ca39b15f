"""Rules on encryption in transit: nothing without TLS."""

from collections.abc import Iterator

from pulumi_policy import PolicyResource, ReportViolation, StackValidationArgs, StackValidationPolicy

from policy.rule import QUEUE, TOPIC, Props, as_list, neighbour, resource_rule, stack_rule
from policy.statements import QUEUE_POLICY, TOPIC_POLICY, Statement, statements

GUARDED = {QUEUE_POLICY: ("queueUrl", QUEUE), TOPIC_POLICY: ("arn", TOPIC)}  # policy type -> its owner


@resource_rule(QUEUE_POLICY)
def queue_policy_denies_plain_http(policy: Props) -> Iterator[str]:
    """A queue's policy denies everyone all requests without TLS."""
    if not any(_denies_plain_http(statement, "sqs:*") for statement in statements(policy)):
        yield "policy must deny everyone sqs:* where aws:SecureTransport is false, and under no other condition"


@resource_rule(TOPIC_POLICY)
def topic_policy_denies_plain_http(policy: Props) -> Iterator[str]:
    """A topic's policy denies everyone to publish without TLS."""
    if not any(_denies_plain_http(statement, "sns:Publish") for statement in statements(policy)):
        yield "policy must deny everyone sns:Publish where aws:SecureTransport is false, and under no other condition"


@stack_rule(QUEUE_POLICY, TOPIC_POLICY)
def policy_denies_on_its_own_resource(policy: PolicyResource) -> Iterator[str]:
    """A queue's or topic's policy denies on that queue or topic; a denial on another resource has no effect."""
    resource = neighbour(policy, *GUARDED[policy.resource_type])
    if resource:
        for statement in statements(policy.props):
            denied = as_list(statement.get("Resource"))
            if statement["Effect"] == "Deny" and not {"*", resource.props["arn"]} & set(denied):
                yield f"denies on {', '.join(denied) or 'nothing'}, but must deny on {resource.props['arn']}"


def _every_queue_and_topic_has_a_policy(args: StackValidationArgs, report: ReportViolation) -> None:
    guarded = {
        resource.urn
        for policy in args.resources
        if policy.resource_type in GUARDED and (resource := neighbour(policy, *GUARDED[policy.resource_type]))
    }
    for resource in args.resources:
        if resource.resource_type in (QUEUE, TOPIC) and resource.urn not in guarded:
            report(f"{resource.name}: has no policy", resource.urn)


queue_and_topic_have_a_policy = StackValidationPolicy(
    "queue-and-topic-have-a-policy",
    "Every queue and topic has a policy, because AWS allows plain HTTP without one.",
    _every_queue_and_topic_has_a_policy,
)


def _denies_plain_http(statement: Statement, action: str) -> bool:
    condition = statement.get("Condition", {})
    return (
        statement["Effect"] == "Deny"
        and statement.get("Principal") in ("*", {"AWS": "*"})
        and list(condition) == ["Bool"]
        and list(condition["Bool"]) == ["aws:SecureTransport"]
        and str(condition["Bool"]["aws:SecureTransport"]).lower() == "false"
        and bool({"*", action} & set(as_list(statement.get("Action"))))
    )
