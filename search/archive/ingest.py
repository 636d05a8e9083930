"""Taking products in: all or nothing for each, idempotent, and every refusal with its reason."""

import errno
import logging
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from astropy.io import fits
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from gateway.access.models import Policy
from gateway.vo.identifiers import slug
from search.archive import files, history, mapping
from search.archive.changes import changed
from search.archive.content import Content, read_content
from search.archive.curation import Curation
from search.archive.gadf import Observation
from search.archive.models import Product
from search.archive.safefits import BrokenFile, opened

logger = logging.getLogger(__name__)

OBSERVERS_KEYWORDS = ("OBJECT", "TARGET_NAME", "TARGET_TAG", "OBS_ID", "TELESCOP", "EVTVER", "HDUVERS", "HDUDOC")
SITE_KEYWORDS = {"GEOLAT": "deg", "GEOLON": "deg", "ALTITUDE": "m"}
DERIVED = ("sub_array_name", "tracking_mode", "pointing_mode")


Step = Callable[[], str]
"""takes one thing in and says ``new``, ``known`` or ``replaced``; raises Refused, BrokenFile or DiskFull"""


class Refused(Exception):
    """The product is not taken; the text is the reason."""


class DiskFull(Exception):
    """There is no room for more: the ingest ends here."""


@dataclass
class Outcome:
    """What became of an ingest, by the name of each observation or file."""

    new: list[str] = field(default_factory=list)
    known: list[str] = field(default_factory=list)
    replaced: list[str] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)

    @property
    def taken(self) -> int:
        return len(self.new) + len(self.replaced)


@dataclass(frozen=True)
class Facts:
    """What is known of a run beyond its file (from a simulation or an operator's list)."""

    curation: Curation
    columns: Mapping[str, Any] = field(default_factory=dict)
    history: Callable[[Product], None] | None = None


def take_all(steps: Iterable[tuple[str, Step]], progress: Callable[[str, str], None]) -> Outcome:
    """Takes things in one by one, each by its name and step; raises DiskFull when there is no room.

    ``progress`` is told the name and what became of it.
    """
    outcome = Outcome()
    for name, step in steps:
        try:
            word = step()
            getattr(outcome, word).append(name)
            progress(name, word)
        except (Refused, BrokenFile) as error:
            outcome.refused[name] = str(error)
            progress(name, f"refused: {error}")
    if outcome.taken:
        changed.send(sender=Product)
    return outcome


def steps_of(
    observations: Iterable[Observation], facts_of: Callable[[Observation], Facts]
) -> Iterator[tuple[str, Step]]:
    """The steps that take observations in."""
    for observation in observations:
        yield observation.obs_id, partial(ingest_observation, observation, facts_of(observation))


def ingest_observation(observation: Observation, facts: Facts) -> str:
    """``new``, ``known`` or ``replaced``; raises Refused, BrokenFile or DiskFull and leaves nothing behind."""
    if observation.problem:
        raise Refused(observation.problem)
    for path in observation.files:
        if not path.is_file():
            raise Refused(f"{path.name} is missing")
    with _one_file(observation) as path:
        sha256 = files.digest(path)
        key = facts.curation.key(f"run-{observation.obs_id}")
        old = present_version(key)
        if old is not None and old.sha256 == sha256:
            _restore(old, path)
            return "known"
        _refuse_copy(sha256, observation)
        content = read_content(observation)
        columns = {**mapping.columns_of(observation, content), **facts.columns}
        product = new_product(key, old, facts.curation, columns)
        product.parts = content.parts
        product.header = _kept_keywords(observation, content)
        product.sha256, product.size = sha256, path.stat().st_size
        product.file_name = observation.events_file.name
        store(product, path, old, lambda: _write_history(product, content, facts))
    return "replaced" if old else "new"


@contextmanager
def _one_file(observation: Observation) -> Iterator[Path]:
    """The file of the dataset: as it is, or put together where event list and responses lie apart."""
    if len(observation.files) == 1:
        yield observation.files[0]
        return
    with tempfile.TemporaryDirectory(prefix="bundle-") as folder:
        path = Path(folder) / f"run-{slug(observation.obs_id)}.fits"
        bundle = fits.HDUList([fits.PrimaryHDU()])
        for entry in observation.hdus:
            with opened(entry.path) as hdus:
                found = next((hdu for hdu in hdus if hdu.name.upper() == entry.hdu_name.upper()), None)
                if found is None:
                    raise BrokenFile(f"{entry.path.name}: it has no HDU {entry.hdu_name}")
                bundle.append(found.copy())
        bundle.writeto(path)
        yield path


def _refuse_copy(sha256: str, observation: Observation) -> None:
    twin = Product.objects.filter(sha256=sha256, removed_at=None).first()
    if twin is not None:
        raise Refused(f"{observation.events_file.name} has the same bytes as {twin.key} (duplicate)")


def _restore(product: Product, path: Path) -> None:
    """A stored file that was lost comes back with the next ingest."""
    if product.storage_key and not product.removed_at and not files.exists(product.storage_key):
        files.put(path, product.storage_key, product.sha256)


def present_version(key: str) -> Product | None:
    """The newest product that goes by this KEY or by it with ``-vN``."""
    return Product.objects.filter(key__regex=rf"^{re.escape(key)}(-v[0-9]+)?$", superseded_by=None).first()


def new_product(key: str, old: Product | None, curation: Curation, columns: Mapping[str, Any]) -> Product:
    """An unsaved row; a changed file gets the next version's KEY."""
    if old is not None:
        _, _, number = old.key[len(key) :].rpartition("-v")
        key = f"{key}-v{int(number or 1) + 1}"
    given = {name: value for name, value in columns.items() if value is not None}
    product = Product(key=key, obs_publisher_did=curation.identifier(key), **{**given, **curation.columns})
    product.access_format = files.DATALINK
    return product


def _kept_keywords(observation: Observation, content: Content) -> dict[str, Any]:
    header = {**observation.index, **content.events}
    kept = {name: header[name] for name in OBSERVERS_KEYWORDS if header.get(name) not in (None, "")}
    site = {name: {"value": header[name], "unit": unit} for name, unit in SITE_KEYWORDS.items() if header.get(name)}
    derived = [name for name in DERIVED if not (name == "sub_array_name" and header.get("SUBARRAY"))]
    return {**kept, **({"site": site} if site else {}), "derived": derived}


def store(product: Product, path: Path, old: Product | None, write_history: Callable[[], None]) -> None:
    """File, row, policy and history together or not at all."""
    product.storage_key = f"{slug(product.obs_collection)}/{product.key}{files.suffix_of(product.file_name)}"
    product.access_estsize = files.estimated_size(product.size or 0)
    try:
        stored = files.put(path, product.storage_key, product.sha256)
    except OSError as error:
        raise _disk_error(error) from None
    except files.FileChanged as error:
        raise Refused(str(error)) from None
    product.storage_key = stored
    product.verified_at, product.verified_ok = timezone.now(), True
    try:
        save(product, old, write_history)
    except BaseException:
        files.remove(stored)
        raise


def save(product: Product, old: Product | None, write_history: Callable[[], None]) -> None:
    """Row and history together; the version that it replaces points to it."""
    with transaction.atomic():
        product.save(force_insert=True)
        write_history()
        if old is not None:
            history.replace(product, old)
            old.superseded_by = product
            old.save(update_fields=["superseded_by"])


def _disk_error(error: OSError) -> Exception:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return DiskFull(f"There is no room left in {settings.STORAGE_DIR.name}: {error.strerror}")
    return Refused(f"it cannot be stored: {error.strerror}")


def _write_history(product: Product, content: Content, facts: Facts) -> None:
    if facts.history is not None:
        facts.history(product)
    else:
        history.write(product, content.events, content.aeff)


def with_policy(facts: Facts, policy: Policy) -> Facts:
    return Facts(facts.curation, {**facts.columns, "policy": policy}, facts.history)
