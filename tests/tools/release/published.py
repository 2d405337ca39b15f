"""The images and versions of a function that a release finds on AWS."""

import io
import json
import zipfile
from typing import Any


def pushed(ecr: Any) -> str:
    """Push a scanned image to a repository with immutable tags; returns it by digest."""
    ecr.create_repository(repositoryName="sentiment", imageTagMutability="IMMUTABLE")
    manifest = json.dumps({"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json"})
    image = ecr.put_image(repositoryName="sentiment", imageManifest=manifest, imageTag="build")["image"]
    ecr.start_image_scan(repositoryName="sentiment", imageId=image["imageId"])  # moto does not scan on push
    return f"{image['registryId']}.dkr.ecr.us-west-2.amazonaws.com/sentiment@{image['imageId']['imageDigest']}"


def publish_image(lambda_: Any, iam: Any, version: int, image: str) -> None:
    """Publish a version of a function that runs an image; version 1 creates the function."""
    if version == 1:
        role = iam.create_role(RoleName="r", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
        lambda_.create_function(
            FunctionName="classifier", PackageType="Image", Code={"ImageUri": image}, Role=role, Publish=True
        )
    else:
        lambda_.update_function_code(FunctionName="classifier", ImageUri=image, Publish=True)


def publish(lambda_: Any, iam: Any, version: int, function: str = "classifier") -> None:
    """Publish version `version` of a function that has all earlier ones; version 1 creates the function."""
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("handler.py", f"VERSION = {version}")
    if version > 1:
        lambda_.update_function_code(FunctionName=function, ZipFile=code.getvalue(), Publish=True)
        return
    lambda_.create_function(
        FunctionName=function,
        Runtime="python3.13",
        Role=iam.create_role(RoleName="r", AssumeRolePolicyDocument="{}")["Role"]["Arn"],
        Handler="handler.handler",
        Code={"ZipFile": code.getvalue()},
        Publish=True,
    )
