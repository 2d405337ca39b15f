"""Answers a Pulumi program's registrations as engine and provider would, and records them."""

import importlib
import inspect
import threading
import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pulumi.runtime.mocks import MockCallArgs, MockMonitor, MockResourceArgs, Mocks

from components.deployed import READ_STATE

ACCOUNT, PARTITION = "123456789012", "aws"
SECRET_SIGNATURE = "4dabf18193072939515e22adb298388d"  # marks special values in Pulumi's wire format


@dataclass(frozen=True)
class Project:
    """From Pulumi.yaml: the project's name, and its pattern for physical names with {project}, {stack} and {name}."""

    name: str
    pattern: str


@dataclass
class Resource:
    """One registration: the program's `inputs` and the `outputs` it received."""

    type: str
    name: str
    custom: bool
    inputs: dict[str, Any]
    outputs: dict[str, Any]
    secrets: set[str]  # names of inputs that hold a secret
    urn: str = ""
    parent: str = ""  # URN
    depends_on: list[str] = field(default_factory=list)  # URNs, from resource options only
    made_of: dict[str, list[str]] = field(
        default_factory=dict
    )  # input -> URNs of the resources whose outputs are in it
    ignore_changes: list[str] = field(default_factory=list)
    protect: bool = False
    aliases: list[str] = field(default_factory=list)  # former names, or URNs


class Recorder(Mocks):
    """Answers every registration as a provider would, and records it.

    A missing mock output would be None and go unnoticed, so it answers every output that the resource's class declares.
    Override `create` to answer from something more real.
    """

    def __init__(self, project: Project, stack: str, region: str):
        self.project, self.stack, self.region = project, stack, region
        self.resources: list[Resource] = []
        self.outputs: dict[str, Any] = {}
        self.deployed: dict[str, dict[str, Any]] = {}  # of the stack before: type and outputs by URN
        self.pushed: dict[str, str] = {}  # what the repository holds: digest by tag

    def create(self, type_: str, name: str, inputs: dict[str, Any]) -> dict[str, Any]:
        """The outputs of a new resource, besides the declared ones that `new_resource` fills in."""
        return {}

    def new_resource(self, args: MockResourceArgs) -> tuple[str, dict[str, Any]]:
        inputs = plain(args.inputs)
        outputs: dict[str, Any] = {}
        if args.custom:
            given = {**inputs, **self.create(args.typ, args.name, inputs)}
            outputs = {**self._declared(args.typ, args.name, given), **given}
        secrets = {key for key, value in args.inputs.items() if _is_secret(value)}
        self.resources.append(Resource(args.typ, args.name, bool(args.custom), inputs, outputs, secrets))
        return outputs.get("id") or f"{args.name}-id", outputs

    def call(self, args: MockCallArgs) -> dict[str, Any]:  # type: ignore[override]  # the monitor takes it
        answers: dict[str, dict[str, Any]] = {
            "aws:index/getRegion:getRegion": {"region": self.region, "name": self.region},
            "aws:index/getCallerIdentity:getCallerIdentity": {"accountId": ACCOUNT},
            "aws:index/getPartition:getPartition": {"partition": PARTITION},
            "aws:ecr/getAuthorizationToken:getAuthorizationToken": {"userName": "AWS", "password": "token"},
            "aws:ecr/getImages:getImages": {
                "imageIds": [{"imageTag": tag, "imageDigest": digest} for tag, digest in self.pushed.items()]
            },
            READ_STATE: {"outputs": self.deployed},
        }
        return answers[args.token]  # a call that is not foreseen fails, rather than answering None

    def all(self, type_: str) -> list[Resource]:
        """All resources of a type, such as `aws:sqs/queue:Queue`."""
        return [resource for resource in self.resources if resource.type == type_]

    def one(self, type_: str, name: str | None = None) -> Resource:
        """The only resource of a type, or the only one with that name."""
        found = [r for r in self.all(type_) if name in (None, r.name)]
        if len(found) != 1:
            raise LookupError(f"{len(found)} resources of type {type_} named {name or 'anything'}")
        return found[0]

    def physical_name(self, name: str) -> str:
        """The name that Pulumi's autonaming would give, with zeros for its random part."""
        return self.project.pattern.format(project=self.project.name, stack=self.stack, name=name)

    def _declared(self, type_: str, name: str, given: Mapping[str, Any]) -> dict[str, Any]:
        service = type_.split(":")[1].split("/")[0]
        physical = given.get("name") or self.physical_name(name)
        arn = f"arn:{PARTITION}:{service}:{self.region}:{ACCOUNT}:{physical}"
        known = {
            "name": physical,
            "arn": arn,
            "streamArn": f"{arn}/stream/2026-11-01T09:00:00.000",
            "version": "1",
            "repositoryUrl": f"{ACCOUNT}.dkr.ecr.{self.region}.amazonaws.com/{physical}",
            "repoDigest": f"{str(given.get('imageName')).rpartition(':')[0]}@sha256:{'a' * 64}",
        }
        blank: dict[type | None, Any] = {str: "", int: 0, float: 0.0, bool: False}
        return {
            output: known.get(output, f"{name}-{output}" if kind is str else blank.get(kind))
            for output, kind in _declared_outputs(type_)
        }


class Monitor(MockMonitor):
    """Also records the resource options that MockResourceArgs leaves out."""

    mocks: Recorder

    def __init__(self, mocks: Recorder):
        super().__init__(mocks)
        self._lock = threading.Lock()  # Pulumi registers from several threads

    def RegisterResource(self, request: Any) -> Any:
        with self._lock:
            return self._register(request)

    def _register(self, request: Any) -> Any:
        response = super().RegisterResource(request)
        if request.type != "pulumi:pulumi:Stack":
            resource = self.mocks.resources[-1]
            given = request.propertyDependencies.items()
            resource.made_of = {name: sorted(sources.urns) for name, sources in given if sources.urns}
            implicit = {urn for urns in resource.made_of.values() for urn in urns}
            resource.urn, resource.parent = response.urn, request.parent
            resource.depends_on = sorted(set(request.dependencies) - implicit)
            resource.ignore_changes = list(request.ignoreChanges)
            resource.protect = request.protect
            resource.aliases = [alias.urn or alias.spec.name for alias in request.aliases]
        return response


def plain(value: Any) -> Any:
    """A recorded input as the program wrote it: secrets unwrapped, whole numbers as int."""
    if _is_secret(value):
        return plain(value["value"])
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _is_secret(value: Any) -> bool:
    return isinstance(value, dict) and SECRET_SIGNATURE in value


def _declared_outputs(type_: str) -> Iterator[tuple[str, type | None]]:
    """Name and simple type of each output of a resource class; None where the type is not simple."""
    package, module, class_name = type_.replace("/", ":").split(":")[0], type_.split(":")[1], type_.split(":")[2]
    module = module.split("/")[0]
    path = f"pulumi_{package}" + ("" if module == "index" else f".{module}")
    try:
        cls = getattr(importlib.import_module(path), class_name)
    except ModuleNotFoundError:  # a module named as a Python keyword has an underscore
        cls = getattr(importlib.import_module(f"{path}_"), class_name)
    for _, member in inspect.getmembers(cls, lambda member: isinstance(member, property)):
        if name := getattr(member.fget, "_pulumi_name", None) or getattr(member.fget, "__name__", None):
            declared = typing.get_args(typing.get_type_hints(member.fget).get("return"))
            kind = declared[0] if declared and declared[0] in (str, int, float, bool) else None
            yield name, kind
