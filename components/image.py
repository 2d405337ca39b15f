"""The function's container image: built, pushed and referenced by digest."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field

import pulumi
import pulumi_aws as aws
import pulumi_docker as docker

from components.build_context import DOCKERFILE, content_tag, context_files, stage
from components.deployed import Deployed
from components.kept_data import REPOSITORY, repository_key

BUILD = "docker:index/image:Image"
PLATFORMS = {"x86_64": "linux/amd64", "arm64": "linux/arm64"}
UNTAGGED_DAYS = 14  # time to restore a tag that somebody removed by mistake
PULL = ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
LOCAL_MODEL = "./"  # a model id with this prefix is a folder in function/


@dataclass(frozen=True, kw_only=True)
class ImageArgs:
    """
    Attributes:
        model_id: hub id, or ./models/NAME for a folder in function/ that is already built.
        model_revision: commit of the hub model.
        backend: onnx or torch.
        architecture: x86_64 or arm64.
        base_image: base image of the build, or empty for the Dockerfile's.
        package_index_url: pip's index, or empty for its default.
        extra_package_index_url: pip's additional index, or empty for none.
        model_hub_url: mirror of the Hugging Face hub, or empty for the hub itself.
        promoted: an image to deploy by digest instead of building one, or empty.
        kms_key_arn: customer managed key of the repository, or empty for ECR's own encryption.
        disposable: whether Pulumi may delete the repository, with the images in it.
        pull_accounts: other AWS accounts whose functions may run the image.
        deployed: the stack's existing resources.
    """

    model_id: str
    model_revision: str
    backend: str
    architecture: str
    base_image: str = ""
    package_index_url: str = ""
    extra_package_index_url: str = ""
    model_hub_url: str = ""
    promoted: str = ""
    kms_key_arn: str = ""
    disposable: bool = False
    pull_accounts: Sequence[str] = ()
    deployed: Deployed = field(default_factory=Deployed)


class Image(pulumi.ComponentResource):
    """An ECR repository and the image in it, tagged with a hash of everything that goes into it.

    The same inputs give the same tag. If the repository already holds the tag, its digest is deployed without a build.

    Attributes:
        uri: the image by digest, as Lambda requires.
        repository_url: this stack's own repository, even if the image comes from another.
    """

    uri: pulumi.Output[str]
    repository_url: pulumi.Output[str]

    def __init__(self, name: str, args: ImageArgs, opts: pulumi.ResourceOptions | None = None):
        super().__init__("sentiment-analyzer:components:Image", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        repository = aws.ecr.Repository(
            name,
            image_tag_mutability="IMMUTABLE",
            image_scanning_configuration={"scan_on_push": True},
            encryption_configurations=[
                {"encryption_type": "KMS", "kms_key": args.kms_key_arn}
                if args.kms_key_arn
                else {"encryption_type": "AES256"}
            ],
            force_delete=args.disposable,
            opts=pulumi.ResourceOptions(parent=self, protect=not args.disposable),
        )
        aws.ecr.LifecyclePolicy(f"{name}-lifecycle", repository=repository.name, policy=LIFECYCLE, opts=child)
        access = aws.ecr.RepositoryPolicy(
            f"{name}-access", repository=repository.name, policy=self._access(args.pull_accounts), opts=child
        )
        # Keep the repository even while the stack runs another's image: a rollback may need its digests.
        self.uri = (
            pulumi.Output.from_input(args.promoted) if args.promoted else self._build(name, args, repository, access)
        )
        self.repository_url = repository.repository_url
        self.register_outputs({"uri": self.uri})

    def _access(self, pull_accounts: Sequence[str]) -> pulumi.Output[str]:
        """The repository policy: Lambda may pull for these accounts' functions, and so may the accounts themselves.

        The condition is the one that Lambda documents. aws:SourceArn contains the account; Lambda does not document
        that it sends aws:SourceAccount.
        """
        invoke = pulumi.InvokeOutputOptions(parent=self)
        own = aws.get_caller_identity_output(opts=invoke).account_id
        arn = pulumi.Output.concat("arn:", aws.get_partition_output(opts=invoke).partition)
        accounts: list[pulumi.Input[str]] = [own, *pull_accounts]
        functions = [pulumi.Output.concat(arn, ":lambda:*:", account, ":function:*") for account in accounts]
        lambda_pulls = {
            "Sid": "LambdaPulls",
            "Effect": "Allow",
            "Principal": {"Service": "lambda.amazonaws.com"},
            "Action": PULL,
            "Condition": {"StringLike": {"aws:SourceArn": functions}},
        }
        accounts_pull = {
            "Sid": "AccountsPull",
            "Effect": "Allow",
            "Principal": {"AWS": [pulumi.Output.concat(arn, ":iam::", account, ":root") for account in pull_accounts]},
            "Action": PULL,
        }
        statements = [lambda_pulls, *([accounts_pull] if pull_accounts else [])]
        return pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": statements})

    def _build(
        self, name: str, args: ImageArgs, repository: aws.ecr.Repository, access: aws.ecr.RepositoryPolicy
    ) -> pulumi.Output[str]:
        build, platform = build_args(args), PLATFORMS[args.architecture]
        files = context_files(args.backend, build.get("MODEL_PATH"))
        tag = content_tag(files, [build, platform])
        url = args.deployed.output(REPOSITORY, name, "repositoryUrl")
        built_last = args.deployed.output(BUILD, f"{name}-build", "baseImageName") == f"{url}:{tag}"
        stays = repository_key(args.deployed) == args.kms_key_arn  # with another key, it is replaced by an empty one
        if stays and not built_last and (digest := self._pushed(args.deployed, name, tag)):
            # An immutable tag cannot be pushed twice. The last build leaves the state; no image is deleted.
            return pulumi.Output.concat(repository.repository_url, "@", digest)
        token = aws.ecr.get_authorization_token_output(
            registry_id=repository.registry_id, opts=pulumi.InvokeOutputOptions(parent=self)
        )
        context = stage(files, tag)
        image = docker.Image(
            f"{name}-build",
            image_name=pulumi.Output.concat(repository.repository_url, ":", tag),
            build={
                "context": context,
                "dockerfile": f"{context}/{DOCKERFILE}",
                "platform": platform,
                "args": build,
                "builder_version": docker.BuilderVersion.BUILDER_BUILD_KIT,
            },
            registry={
                "server": repository.repository_url,
                "username": token.user_name,
                "password": pulumi.Output.secret(token.password),
            },
            opts=pulumi.ResourceOptions(
                parent=self,
                depends_on=[access],  # if no policy lets Lambda pull, it writes its own
                ignore_changes=["build", "registry"] if built_last else [],  # a newer provider may change them
            ),
        )
        return image.repo_digest

    def _pushed(self, deployed: Deployed, name: str, tag: str) -> str | None:
        """The digest of the image with that tag in the stack's repository; None if there is none.

        There is one after a revert, an update that ended between push and checkpoint, or a restored older state.
        """
        repository = deployed.output(REPOSITORY, name, "name")
        if not repository:
            return None
        try:
            held = aws.ecr.get_images(repository_name=repository, opts=pulumi.InvokeOptions(parent=self)).image_ids
        except Exception as error:  # the SDK raises nothing narrower
            pulumi.log.warn(f"{repository}: cannot check for the tag {tag}, so the image is built: {error}", self)
            return None
        return next((image.image_digest for image in held if image.image_tag == tag), None)


# Tagged images never expire: each became a version of the function, to which you may roll back.
LIFECYCLE = json.dumps(
    {
        "rules": [
            {
                "rulePriority": 1,
                "description": f"Delete images {UNTAGGED_DAYS} days after their push, if they have no tag",
                "selection": {
                    "tagStatus": "untagged",
                    "countType": "sinceImagePushed",
                    "countUnit": "days",
                    "countNumber": UNTAGGED_DAYS,
                },
                "action": {"type": "expire"},
            }
        ]
    }
)


def build_args(args: ImageArgs) -> dict[str, str]:
    """The Dockerfile's ARGs."""
    if args.model_id.startswith(LOCAL_MODEL):
        source = {"MODEL_SOURCE": "prebuilt", "MODEL_PATH": f"function/{args.model_id.removeprefix(LOCAL_MODEL)}"}
    else:
        source = {"MODEL_SOURCE": "hub", "MODEL_ID": args.model_id, "MODEL_REVISION": args.model_revision}
    mirrors = {
        "BASE_IMAGE": args.base_image,
        "PIP_INDEX_URL": args.package_index_url,
        "PIP_EXTRA_INDEX_URL": args.extra_package_index_url,
        "HF_ENDPOINT": args.model_hub_url,
    }
    return {"BACKEND": args.backend, **source, **{name: value for name, value in mirrors.items() if value}}
