"""Once per account: the workflows' identity, their permissions and the state bucket. See docs/bootstrap.md."""

import sys
from collections.abc import Callable
from pathlib import Path

import pulumi
import pulumi_aws as aws

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # Pulumi runs this file as a program of its own

from settings import check_names, project_name
from tools.bootstrap import documents
from tools.bootstrap.state import State

Document = Callable[[str, str, str], str]  # partition, account, stack -> policy

config = pulumi.Config()
# Checked here, so that a fault ends the program without a traceback.
repository, stacks = documents.checked(config.require("repository")), config.require("stacks").split(",")
for stack in stacks:
    check_names(project_name(), stack)
account = aws.get_caller_identity_output().account_id
partition = aws.get_partition_output().partition
provider = (
    config.get("identityProviderArn")
    or aws.iam.OpenIdConnectProvider(
        "github", url=f"https://{documents.ISSUER}", client_id_lists=[documents.AUDIENCE]
    ).arn
)
state = State("state") if config.require_bool("ownState") else None


def role(name: str, stack: str, environment: str, documents_of: list[Document], *, writes_state: bool) -> None:
    """A role that the jobs of a GitHub environment may assume."""
    trusted = pulumi.Output.from_input(provider).apply(lambda arn: documents.trust(arn, repository, environment))
    made = aws.iam.Role(
        name,
        assume_role_policy=trusted,
        max_session_duration=documents.SESSION_SECONDS,
        permissions_boundary=config.get("permissionsBoundaryArn") or None,
    )
    for document in documents_of:
        part = f"{name}-{document.__name__}"
        policy = aws.iam.Policy(part, policy=filled_in(document, stack))
        aws.iam.RolePolicyAttachment(part, role=made.name, policy_arn=policy.arn)
    if state:
        arns = pulumi.Output.all(state.bucket.arn, state.key.arn)
        text = arns.apply(lambda found: documents.state(found[0], found[1], stack if writes_state else None))
        aws.iam.RolePolicy(f"{name}-state", role=made.id, policy=text)
    pulumi.export(f"{name}RoleArn", made.arn)


def filled_in(document: Document, stack: str) -> pulumi.Output[str]:
    return pulumi.Output.all(partition, account).apply(lambda found: document(found[0], found[1], stack))


for stack in stacks:
    role(f"preview-{stack}", stack, f"preview-{stack}", [documents.preview], writes_state=False)
    role(f"deploy-{stack}", stack, stack, [documents.preview, documents.change, documents.operate], writes_state=True)
if state:
    region = aws.get_region_output().region
    pulumi.export("backendUrl", pulumi.Output.format("s3://{0}?region={1}", state.bucket.id, region))
    pulumi.export("secretsProvider", pulumi.Output.format("awskms:///{0}?region={1}", state.key.arn, region))
