"""Inputs of a run, laid into its folder: rights are asked again, checksums are checked."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from gateway.access import marks
from gateway.access.models import Policy
from gateway.access.rights import Viewer
from jobs import addresses, hooks, queue
from jobs.activity import HISTORY, StagedInput
from jobs.errors import Refused
from jobs.models import Job, JobUpload
from jobs.parameters import Parameter, parameters_of
from jobs.registry import JobType
from jobs.uploads import blocks
from provenance.documents import provjson
from provenance.documents.source import Source
from provenance.graph import Walk, walk

HISTORY_WALK = Walk(depth=20, agents=False, limit=1000)


@dataclass(frozen=True)
class Inputs:
    """What was staged: by parameter, and files that came with the request by the name of their part."""

    products: Mapping[str, tuple[StagedInput, ...]]
    uploads: Mapping[str, StagedInput]

    @property
    def keys(self) -> tuple[str, ...]:
        """KEYs of the products, each once, in the order in which they were given."""
        staged = [member.key for members in self.products.values() for member in members if member.key]
        return tuple(dict.fromkeys(staged))

    @property
    def others(self) -> tuple[tuple[str, StagedInput], ...]:
        """What is no product, with its role: files that came with the request or from an address."""
        named = [(role, one) for role, members in self.products.items() for one in members if not one.key]
        referred = {staged.identifier for _role, staged in named}
        rest = [(name, one) for name, one in self.uploads.items() if one.identifier not in referred]
        return tuple({addresses.entity_id(one): (role, one) for role, one in [*named, *rest]}.values())

    @property
    def origins(self) -> tuple[str, ...]:
        """Names in provenance of everything that the results come from."""
        return (*self.keys, *(addresses.entity_id(one) for _role, one in self.others))

    def moved(self, folder: Path, place: Path) -> "Inputs":
        """The same inputs where another machine sees the folder elsewhere."""
        if folder == place:
            return self

        def there(member: StagedInput) -> StagedInput:
            return replace(member, path=place / member.path.relative_to(folder))

        products = {name: tuple(there(member) for member in members) for name, members in self.products.items()}
        return Inputs(products, {name: there(member) for name, member in self.uploads.items()})

    def as_json(self) -> dict[str, Any]:
        """The products, as a request to the runner names them."""
        return {name: [_plain(member) for member in members] for name, members in self.products.items()}

    def to_json(self) -> dict[str, Any]:
        return {
            "products": self.as_json(),
            "uploads": {name: _plain(member) for name, member in self.uploads.items()},
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> "Inputs":
        products = {name: tuple(_staged(member) for member in group) for name, group in document["products"].items()}
        return cls(products, {name: _staged(member) for name, member in document["uploads"].items()})


def _plain(member: StagedInput) -> dict[str, Any]:
    return {**asdict(member), "path": str(member.path)}


def _staged(member: Mapping[str, Any]) -> StagedInput:
    return StagedInput(**{**member, "path": Path(member["path"])})


def stage(job: Job, job_type: JobType, viewer: Viewer, folder: Path) -> Inputs:
    """``Refused`` when an input is gone, or may not be fetched any more."""
    folder.mkdir(mode=0o700)
    uploads = {upload.name: _stage_upload(upload, folder) for upload in _uploads(job, job_type)}
    products: dict[str, tuple[StagedInput, ...]] = {}
    for parameter in parameters_of(job_type.description) if not job_type.lenient else ():
        if parameter.is_input:
            texts = job.parameters.get(parameter.name, [])
            members = [
                uploads[text[6:]]
                if text.startswith("param:")
                else _stage_named(job, parameter, text, viewer, folder / f"{parameter.name}-{number}")
                for number, text in enumerate(texts)
            ]
            products[parameter.name] = tuple(members)
            if members:
                queue.renew(job)
    inputs = Inputs(products, uploads)
    if job_type.module:
        lay_history(inputs.keys, viewer, folder)
    return inputs


def _uploads(job: Job, job_type: JobType) -> Iterable[JobUpload]:
    """Most jobs have none, and their parameters say so."""
    referred = any(text.startswith("param:") for texts in job.parameters.values() for text in texts)
    return job.uploads.all() if referred or job_type.uploads else ()


def lay_history(keys: tuple[str, ...], viewer: Viewer, folder: Path) -> None:
    """The steps that led to the inputs, without people: what is written into a file can never be erased again."""
    graph = walk([("entity", key) for key in keys], viewer, HISTORY_WALK)
    (folder / HISTORY).write_bytes(provjson.write(Source(graph), "IVOA"))


def _stage_named(job: Job, parameter: Parameter, text: str, viewer: Viewer, folder: Path) -> StagedInput:
    """A product, or the file behind an address, or what the description's template makes of an identifier."""
    key = addresses.own_key(text)
    if addresses.is_address(text) and not key:
        return addresses.fetch(job, parameter.name, addresses.address_of(parameter, text), folder)
    try:
        return _stage_product(job, parameter.name, key or text, viewer, folder)
    except _Unknown:
        if not (address := addresses.address_of(parameter, text)):
            raise
        return addresses.fetch(job, parameter.name, address, folder)


class _Unknown(Refused):
    """No product of this archive."""


def _stage_product(job: Job, name: str, identifier: str, viewer: Viewer, folder: Path) -> StagedInput:
    try:
        product = hooks.inputs(identifier, viewer)
    except hooks.InputNotFound as error:
        raise _Unknown(400, name, identifier, _("the product is gone")) from error
    except hooks.InputForbidden as error:
        raise Refused(403, name, identifier, str(error)) from error
    folder.mkdir()
    target = folder / Path(product.file_name or product.key).name
    hooks.stage(product, target)
    marks.fetched(viewer, Policy.objects.filter(pk=product.policy_id).first(), product.key, f"job {job.pk}")
    return StagedInput(
        identifier=product.identifier,
        key=product.key,
        path=target,
        sha256=product.sha256,
        size=product.size,
        content_type=product.content_type,
        obscore=dict(product.obscore),
    )


def _stage_upload(upload: JobUpload, folder: Path) -> StagedInput:
    target = folder / f"upload-{upload.pk}"
    with target.open("wb") as stream:
        stream.writelines(blocks(upload.storage_key))
    return StagedInput(
        identifier=f"param:{upload.name}",
        key="",
        path=target,
        sha256=upload.sha256,
        size=upload.size,
        content_type=upload.content_type,
        obscore={},
    )
