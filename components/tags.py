"""Tags that every resource has, for bills, for people, and for rights that hold for one stack's resources alone."""

import pulumi

PROJECT, ENVIRONMENT = "Project", "Environment"  # tools/bootstrap/rights.py asks a key for these


def tag_all_resources() -> None:
    """Tag whatever is registered from now on with the names of project and stack.

    The provider puts these before the tags of `aws:defaultTags`, so a stack's file that was copied from another
    stack's cannot tag this stack's resources as that other's.
    """
    ours = {PROJECT: pulumi.get_project(), ENVIRONMENT: pulumi.get_stack(), "ManagedBy": "pulumi"}

    def add(args: pulumi.ResourceTransformationArgs) -> pulumi.ResourceTransformationResult | None:
        if not hasattr(type(args.resource), "tags"):
            return None
        return pulumi.ResourceTransformationResult({**args.props, "tags": ours}, args.opts)  # no component sets any

    pulumi.runtime.register_stack_transformation(add)
