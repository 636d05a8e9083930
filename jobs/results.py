"""What a run left in its folder becomes results: looked at with suspicion, hashed, stored, registered.

The files are moved to storage before the ending transaction, under the token of the run, so that two runs of one job
can never touch each other's; rows and products come with the transaction. A run that lost its claim leaves nothing.
"""

import hashlib
import json
import logging
import os
import shutil
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.files import File
from django.core.files.storage import default_storage

from gateway.vo.identifiers import did, is_key
from jobs import hooks
from jobs.models import LOG_STREAMS, Job, JobLog, JobResult
from provenance.models import WasGeneratedBy

log = logging.getLogger(__name__)
BLOCK = 2**20
SUMMARY = "summary"


@dataclass(frozen=True)
class Found:
    """A file of the run that is fit to be a result."""

    name: str
    title: str
    content_type: str
    path: Path
    size: int
    sha256: str
    preview: bool = False
    product: Mapping[str, Any] | None = None
    """ObsCore columns when it is to become a product"""
    main: bool = False


class Unfit(Exception):
    """The file is no plain file of the run; the text says why."""


def examine(folder: Path, name: str) -> tuple[Path, int, str]:
    """Path, size and SHA-256 of a plain file directly in the folder; links, pipes and paths are refused."""
    if not name or "/" in name or name in (".", "..") or "\x00" in name:
        raise Unfit(f"{name!r} is not a plain file name")
    path = folder / name
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        raise Unfit(f"{name} cannot be read: {error.strerror}") from error
    status = os.fstat(handle)
    if not stat.S_ISREG(status.st_mode) or status.st_nlink > 1:
        os.close(handle)
        raise Unfit(f"{name} is not a plain file of the job")
    with os.fdopen(handle, "rb") as stream:
        return path, status.st_size, hashlib.file_digest(stream, "sha256").hexdigest()


def collect(folder: Path, files: Mapping[str, Mapping[str, Any]], summary: Any) -> tuple[list[Found], list[str]]:
    """The declared files that are fit, and what was wrong with the others."""
    found, faults = [], []
    for name, event in files.items():
        try:
            path, size, digest = examine(folder, name)
        except Unfit as error:
            faults.append(str(error))
            continue
        found.append(
            Found(
                name=name,
                title=str(event.get("title", ""))[:300],
                content_type=str(event.get("content_type", ""))[:100] or "application/octet-stream",
                path=path,
                size=size,
                sha256=digest,
                preview=bool(event.get("preview")),
                product=event.get("obscore") if event.get("event") == "product" else None,
                main=bool(event.get("main")),
            )
        )
    if summary is not None:
        found.append(_summary(folder, summary))
    return found, faults


def with_products(job: Job, summary: Any, files: Mapping[str, Mapping[str, Any]]) -> Any:
    """The summary with the identifiers of what the run made: ``product`` (the main one) and ``products`` (all)."""
    if not isinstance(summary, dict) or job.owner_id is None:
        return summary
    made = [(name, event) for name, event in files.items() if event.get("event") == "product"]
    if not made:
        return summary
    main = [did(job.main_key, settings.AUTHORITY) for _, event in made if event.get("main")]
    others = [did(derived_key(job, name), settings.AUTHORITY) for name, event in made if not event.get("main")]
    return {**summary, "product": main[0] if main else None, "products": main + others}


def _summary(folder: Path, numbers: Any) -> Found:
    path = folder / ".summary.json"
    path.unlink(missing_ok=True)
    content = json.dumps(numbers, indent=1).encode()
    path.write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()
    return Found(SUMMARY, "Summary", "application/json", path, len(content), digest)


# --- storage ---------------------------------------------------------------------------------------------------------


def key_of(job: Job, found: Found) -> str:
    """KEY of a product: the job's own for the main one, else with the file's stem (as ``Out.key_for`` says)."""
    return job.main_key if found.main else derived_key(job, found.name)


def derived_key(job: Job, name: str) -> str:
    return f"{job.main_key}.{Path(name).stem.replace('_', '-').lower()}"


def is_product(job: Job, found: Found) -> bool:
    """A job without owner makes files, not products: nobody could ever see to them."""
    return (
        found.product is not None and job.owner_id is not None and hooks.results.filled and is_key(key_of(job, found))
    )


def storage_key_of(entity: str) -> str:
    """Where the bytes of a result lie that is no product, by its name in provenance; empty where it has none."""
    made = WasGeneratedBy.objects.filter(entity=entity, activity__pk__startswith="job-").first()
    try:
        job_id = UUID(made.activity_id.removeprefix("job-")) if made else None
    except ValueError:
        return ""
    row = JobResult.objects.filter(job=job_id, name=made.role).first() if made and job_id else None
    return row.storage_key if row else ""


def store(job: Job, found: list[Found]) -> dict[str, str]:
    """Name to storage key of the files that are no products."""
    stored: dict[str, str] = {}
    try:
        for item in found:
            if not is_product(job, item):
                with item.path.open("rb") as stream:
                    stored[item.name] = default_storage.save(f"jobs/{job.id}/{job.claim}/{item.name}", File(stream))
    except BaseException:
        forget(stored)
        raise
    return stored


def forget(stored: Mapping[str, str]) -> None:
    for key in stored.values():
        default_storage.delete(key)


def drop_other_runs(job: Job, mine: bool = False) -> None:
    """Files of a run that was killed between storing and its ending: nothing speaks of them.

    ``mine``: also what this run had stored before the process that looked after it was killed.
    """
    root = f"jobs/{job.id}"
    try:
        folders, _files = default_storage.listdir(root)
    except FileNotFoundError:
        return
    for folder in folders:
        if folder != "uploads" and (mine or folder != job.claim):
            for name in default_storage.listdir(f"{root}/{folder}")[1]:
                default_storage.delete(f"{root}/{folder}/{name}")


def register(
    job: Job, found: list[Found], stored: Mapping[str, str], input_keys: tuple[str, ...], logs: Mapping[str, str]
) -> list[JobResult]:
    """Within the ending transaction: a row for each file and each log, a product for each that is one."""
    rows = []
    for item in found:
        row = JobResult(
            job=job,
            name=item.name,
            title=item.title,
            content_type=item.content_type,
            size=item.size,
            sha256=item.sha256,
            preview=item.preview,
            main=item.main,
            storage_key=stored.get(item.name, ""),
        )
        if item.name not in stored:
            row.product_key = key_of(job, item)
            row.identifier = hooks.results(_new_product(job, item, row.product_key, input_keys))
        rows.append(row)
    return JobResult.objects.bulk_create([*rows, *_logs(job, logs)])


def _new_product(job: Job, item: Found, key: str, input_keys: tuple[str, ...]) -> hooks.NewProduct:
    assert job.policy_id is not None
    return hooks.NewProduct(
        key=key,
        path=item.path,
        content_type=item.content_type,
        title=item.title,
        size=item.size,
        sha256=item.sha256,
        obscore=item.product or {},
        job_id=job.id,
        policy_id=job.policy_id,
        input_keys=input_keys,
        owner_name=job.owner_name,
    )


def _logs(job: Job, texts: Mapping[str, str]) -> list[JobResult]:
    rows = []
    for stream, text in texts.items():
        content = text.encode()
        digest = hashlib.sha256(content).hexdigest()
        rows.append(JobResult(job=job, name=stream, content_type="text/plain", size=len(content), sha256=digest))
    return rows


def log_texts(job: Job) -> dict[str, str]:
    return {stream: log_text(job, stream) for stream in LOG_STREAMS}


def log_text(job: Job, stream: str) -> str:
    """What the last run wrote."""
    pieces = JobLog.objects.filter(job=job, stream=stream).order_by("id")
    return "".join(pieces.values_list("text", flat=True))


def remove_files(job: Job) -> None:
    """Removes what is not kept: products (a tombstone stays), stored files, uploads."""
    for result in job.results.all():
        if result.product_key and hooks.remove.filled and not job.kept:
            hooks.remove(result.product_key)
        if result.storage_key:
            default_storage.delete(result.storage_key)
    for upload in job.uploads.all():
        default_storage.delete(upload.storage_key)
    _remove_folder(job)


def _remove_folder(job: Job) -> None:
    """A file store leaves empty folders behind; an object store has none."""
    try:
        shutil.rmtree(default_storage.path(f"jobs/{job.id}"), ignore_errors=True)
    except NotImplementedError:
        return
