"""Files by storage key: put with checksum, read in blocks. Django's default storage, local or S3 alike."""

import hashlib
from collections.abc import Iterator
from math import ceil
from pathlib import Path
from typing import IO, Any

from django.core.files import File
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

BLOCK = 1 << 20
DATALINK = "application/x-votable+xml;content=datalink"
"""media type behind access_url"""
# The endings that a stored file keeps, and what the file is.
MEDIA_TYPES = {
    ".fits.gz": "application/fits",
    ".fits": "application/fits",
    ".fit": "application/fits",
    ".vot": "application/x-votable+xml",
    ".votable": "application/x-votable+xml",
    ".xml": "text/xml",
    ".csv": "text/csv",
    ".ecsv": "text/plain",
    ".json": "application/json",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".pdf": "application/pdf",
    ".zip": "application/zip",
    ".tar": "application/x-tar",
    ".txt": "text/plain",
    ".parquet": "application/vnd.apache.parquet",
}


class FileChanged(Exception):
    """The bytes are not those that were checked."""


def digest(path: Path) -> str:
    """SHA-256 of a local file, hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def suffix_of(name: str) -> str:
    """The ending that a stored file keeps, from a short list."""
    return next((suffix for suffix in MEDIA_TYPES if name.lower().endswith(suffix)), "")


class _Hashing(File):  # type: ignore[type-arg]  # File is no generic class at run time
    """Hashes what the storage reads of it, so that the checksum is that of the stored bytes."""

    def __init__(self, stream: IO[bytes], name: str) -> None:
        super().__init__(stream, name)
        self.sha256 = hashlib.sha256()

    def chunks(self, chunk_size: int | None = None) -> Iterator[bytes]:
        self.seek(0)
        while block := self.read(chunk_size or BLOCK):
            self.sha256.update(block)
            yield block


def put(path: Path, storage_key: str, sha256: str) -> str:
    """Stores a local file under the key and returns the key; raises FileChanged, leaving nothing behind.

    A file that lies there already belongs to no row (the caller has made sure): it is what an interruption left.
    """
    if default_storage.exists(storage_key):
        default_storage.delete(storage_key)
    stored = storage_key
    try:
        with path.open("rb") as stream:
            content = _Hashing(stream, path.name)
            stored = default_storage.save(storage_key, content)
        actual = content.sha256.hexdigest()
        # A storage that does not read in chunks (S3) leaves the hash empty: then the stored bytes are read back.
        if actual != sha256 and stored_digest(stored) != sha256:
            raise FileChanged(f"{path.name} changed while it was copied")
    except BaseException:
        default_storage.delete(stored)
        raise
    return stored


def blocks(storage_key: str, start: int = 0, length: int | None = None) -> Iterator[bytes]:
    """The bytes of a stored file in blocks; FileNotFoundError where it is gone."""
    with default_storage.open(storage_key, "rb") as stream:
        stream.seek(start)
        left = length
        while block := stream.read(BLOCK if left is None else min(BLOCK, left)):
            yield block
            if left is not None:
                left -= len(block)
                if left <= 0:
                    return


def stored_digest(storage_key: str) -> str:
    sha256 = hashlib.sha256()
    for block in blocks(storage_key):
        sha256.update(block)
    return sha256.hexdigest()


def remove(storage_key: str) -> None:
    if storage_key:
        default_storage.delete(storage_key)


def local_path(storage_key: str) -> Path | None:
    """Where the file lies on this machine, or None where the storage is elsewhere."""
    try:
        return Path(default_storage.path(storage_key))
    except NotImplementedError:
        return None


def opened(storage_key: str) -> Any:
    return default_storage.open(storage_key, "rb")


def exists(storage_key: str) -> bool:
    return bool(storage_key) and default_storage.exists(storage_key)


def put_bytes(content: bytes, storage_key: str) -> None:
    """Stores something derived (a preview, a member), over what lies there."""
    if default_storage.exists(storage_key):
        return
    default_storage.save(storage_key, ContentFile(content))


def size(storage_key: str) -> int:
    return int(default_storage.size(storage_key))


def estimated_size(size: int) -> int:
    """kbyte of 1024 byte, rounded up, for access_estsize."""
    return ceil(size / 1024)
