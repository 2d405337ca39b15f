"""Tags on every resource, for bills, for people, and for permissions that cover only one stack's resources."""

import pulumi

PROJECT, ENVIRONMENT = "Project", "Environment"  # tools/bootstrap/rights.py requires these of a key


def tag_all_resources() -> None:
    """Tag every resource registered from now on with the project's and the stack's name.

    The provider prefers these to the tags in `aws:defaultTags`, so a stack's file that was copied from another
    stack's cannot tag this stack's resources as the other's.
    """
    ours = {PROJECT: pulumi.get_project(), ENVIRONMENT: pulumi.get_stack(), "ManagedBy": "pulumi"}

    def add(args: pulumi.ResourceTransformationArgs) -> pulumi.ResourceTransformationResult | None:
        if not hasattr(type(args.resource), "tags"):
            return None
        return pulumi.ResourceTransformationResult({**args.props, "tags": ours}, args.opts)  # no component sets any

    pulumi.runtime.register_stack_transformation(add)
