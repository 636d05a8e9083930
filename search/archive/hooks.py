"""What the archive does for the rooms below it: hands inputs to jobs, takes their results, reads bytes for checks."""

import hashlib
import logging
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext as _

from gateway.access.models import Policy
from gateway.access.rights import Viewer, may_fetch
from gateway.vo.identifiers import did
from jobs import hooks as job_hooks
from jobs import results as job_results
from jobs.hooks import InputForbidden, InputNotFound, InputProduct, NewProduct
from provenance import capture
from provenance import hooks as provenance_hooks
from provenance.models import Entity
from provenance.records import EntityRecord
from search.archive import denial, files, life, remote
from search.archive.changes import changed
from search.archive.fields.catalogue import OBSCONFIG, OBSCORE, OBSCORE_HEA
from search.archive.lookup import find
from search.archive.models import Product

logger = logging.getLogger(__name__)

COLUMNS = tuple(dict.fromkeys(field.name for field in (*OBSCORE, *OBSCORE_HEA, *OBSCONFIG)))
RESULTS_COLLECTION = "Gateway results"
SAME = ("target_name", "target_class", "facility_name", "instrument_name", "proposal_id", "pi_name", "target_aliases")
LEVELS = {0: "DL0", 1: "DL1", 2: "DL3", 3: "DL4", 4: "DL5"}
# Set by the gateway alone, whatever a job says of itself.
RESERVED = {"obs_publisher_did", "obs_collection", "data_rights", "obs_release_date", "access_url", "access_format"}


def inputs(identifier: str, viewer: Viewer) -> InputProduct:
    """The product that a job may use; raises InputNotFound or InputForbidden."""
    found = find(identifier, viewer)
    if found is None:
        raise InputNotFound(identifier)
    product = found.product
    if product.removed_at is not None:
        raise InputForbidden(_("Its file was removed on %(date)s.") % {"date": product.removed_at.date().isoformat()})
    if not may_fetch(viewer, product.policy_id):
        raise InputForbidden(denial.explain(product, viewer).text)
    if not product.storage_key and not product.access_url:
        raise InputForbidden(_("The archive holds a record of it, but no file."))
    return InputProduct(
        identifier=product.obs_publisher_did,
        key=product.key,
        file_name=product.file_name or product.key,
        content_type=content_type(product),
        size=product.size or 0,
        sha256=product.sha256,
        product_type=product.dataproduct_type or "",
        policy_id=product.policy_id,
        # Terms of use travel with every copy, also into packages.
        obscore={**{name: getattr(product, name) for name in COLUMNS}, "terms": product.terms},
    )


def content_type(product: Product) -> str:
    """Media type of the file itself."""
    ending = files.suffix_of(product.file_name)
    return files.MEDIA_TYPES.get(ending, "application/octet-stream")


def stage(product: InputProduct, target: Path) -> None:
    """Copies the bytes to the path and checks them; raises files.FileChanged or OSError."""
    row = Product.objects.get(key=product.key)
    _make_known(row)
    source = files.blocks(row.storage_key) if row.storage_key else remote.blocks(row)
    sha256 = hashlib.sha256()
    with target.open("wb") as stream:
        for block in source:
            sha256.update(block)
            stream.write(block)
    if not row.sha256:
        return
    if sha256.hexdigest() != row.sha256:
        target.unlink()
        Product.objects.filter(pk=row.pk).update(verified_at=timezone.now(), verified_ok=False)
        logger.error("stored file of %s is damaged: its checksum differs", row.key)
        raise files.FileChanged(
            _("The stored file of %(key)s is damaged: its checksum differs. The operators can see this.")
            % {"key": row.key}
        )


def _make_known(product: Product) -> None:
    """A product that came by a table has no entity until somebody uses it."""
    if not Entity.objects.filter(pk=product.key).exists():
        capture.record_entity(
            EntityRecord(
                id=product.key,
                name=product.obs_title or product.obs_id,
                type=product.dataproduct_type or "",
                location=product.access_url or "",
                sha256=product.sha256,
                size=product.size,
                alternates=(product.obs_publisher_did,),
                policy_id=product.policy_id,
            )
        )


def results(new: NewProduct) -> str:
    """Registers what a job made and returns its identifier; called again with the same file it changes nothing."""
    known = Product.objects.filter(key=new.key).first()
    if known is not None:
        if known.sha256 != new.sha256:
            raise files.FileChanged(f"{new.key} exists with other bytes")
        return known.obs_publisher_did
    product = result_row(new)
    product.storage_key = files.put(
        new.path, f"jobs/{new.job_id}/{new.key}{files.suffix_of(new.path.name)}", new.sha256
    )
    product.verified_at, product.verified_ok = timezone.now(), True
    product.save(force_insert=True)
    changed.send(sender=Product)
    return product.obs_publisher_did


def result_row(new: NewProduct) -> Product:
    """The unsaved row: what the job said, then what its inputs agree on, then what the gateway knows."""
    sources = list(Product.objects.filter(key__in=new.input_keys))
    said = {name: value for name, value in new.obscore.items() if name in COLUMNS and name not in RESERVED}
    level = int(said.get("calib_level") or 4)
    columns: dict[str, Any] = {
        **_inherited(sources),
        "calib_level": level,
        "dataproduct_level": LEVELS.get(level),
        "obs_id": sources[0].obs_id if level < 3 and len(sources) == 1 else f"job-{new.job_id}",
        "obs_title": new.title,
        "obs_creator_name": new.owner_name or None,
        "obs_creation_date": timezone.now().strftime("%Y-%m-%dT%H:%M:%S"),
        "pol_xel": 0,
        **{name: value for name, value in said.items() if value is not None},
    }
    policy = Policy.objects.get(pk=new.policy_id)
    return Product(
        key=new.key,
        policy=policy,
        file_name=new.path.name,
        size=new.size,
        sha256=new.sha256,
        job_id=new.job_id,
        terms=_terms(sources),
        obs_publisher_did=_identifier(new.key),
        obs_collection=RESULTS_COLLECTION,
        data_rights=policy.rights,
        access_format=files.DATALINK,
        access_estsize=files.estimated_size(new.size),
        **columns,
    )


def _identifier(key: str) -> str:
    return did(key, settings.AUTHORITY)


def _inherited(sources: list[Product]) -> dict[str, Any]:
    """What all inputs agree on, the times and energies that they cover together, and whether one is simulated."""
    if not sources:
        return {}
    row: dict[str, Any] = {}
    for name in SAME:
        values = {getattr(source, name) for source in sources}
        row[name] = values.pop() if len(values) == 1 else _joined(name, values)
    for name, choose in (("t_min", min), ("t_max", max), ("em_min", min), ("em_max", max)):
        numbers = [value for source in sources if (value := getattr(source, name)) is not None]
        row[name] = choose(numbers) if numbers else None
    exposures = [source.t_exptime for source in sources if source.t_exptime is not None]
    row["t_exptime"] = sum(exposures) if exposures else None
    row["simulated"] = max(source.simulated for source in sources)
    return {name: value for name, value in row.items() if value is not None}


def _joined(name: str, values: Iterable[Any]) -> str | None:
    """Several facilities or instruments are a comma list (ObsCore 1.1, section 4); several targets are none."""
    if name not in ("facility_name", "instrument_name"):
        return None
    return ",".join(sorted({str(value) for value in values if value})) or None


def _terms(sources: list[Product]) -> str:
    """Terms of use travel with what is made from the data."""
    return "\n\n".join(dict.fromkeys(source.terms for source in sources if source.terms))


def remove(key: str) -> None:
    """The file of a result that was not kept goes, its record stays."""
    product = Product.objects.filter(key=key, kept_at=None, removed_at=None).first()
    if product is None:
        return
    files.remove(product.storage_key)
    files.remove(preview_key(product))
    product.storage_key = ""
    product.removed_at = timezone.now()
    product.save(update_fields=["storage_key", "removed_at"])
    capture.tombstone(key)
    changed.send(sender=Product)


def set_policy(key: str, policy_id: int) -> None:
    """A job was shared or published: its products follow, and are kept."""
    product = Product.objects.filter(key=key).first()
    if product is not None:
        life.move(product, Policy.objects.get(pk=policy_id))


def serve(request: HttpRequest, key: str) -> HttpResponseBase:
    """What ``/data/KEY`` answers."""
    from search.archive.views import data  # noqa: PLC0415 (views import models, which are not ready when hooks are filled)

    return data(request, key)


def preview_key(product: Product) -> str:
    return f"previews/{product.key}.png"


def read_bytes(key: str) -> Iterator[bytes]:
    """The stored bytes of a product, or of another result of a job; KeyError where there is no file."""
    product = Product.objects.filter(key=key).first()
    storage_key = product.storage_key if product is not None else job_results.storage_key_of(key)
    if not storage_key or not files.exists(storage_key):
        raise KeyError(key)
    return files.blocks(storage_key)


def product_page(key: str, viewer: Viewer) -> str:
    """For pages of provenance: many files of a run (logs, plots) are no products."""
    return f"/products/{key}/" if find(key, viewer) is not None else ""


def suspect(keys: list[str], reason: str) -> None:
    """Staff marked entities as suspect (or, without a reason, took that back): their products say so."""
    for at in range(0, len(keys), 500):
        Product.objects.filter(key__in=keys[at : at + 500]).update(suspect=reason)


def fill() -> None:
    """Called from ArchiveConfig.ready()."""
    job_hooks.inputs.fill(inputs)
    job_hooks.stage.fill(stage)
    job_hooks.results.fill(results)
    job_hooks.remove.fill(remove)
    job_hooks.set_policy.fill(set_policy)
    job_hooks.serve.fill(serve)
    provenance_hooks.read_bytes.fill(read_bytes)
    provenance_hooks.product_page.fill(product_page)
    provenance_hooks.suspects.add("archive", suspect)
