"""KEYs, publisher identifiers and QNames: three spellings of one name (docs/identifiers in DESIGN words: KEY).

A KEY is unique in the gateway and names immutable bytes; ``ivo://AUTHORITY/arc?KEY`` is its identifier
(ObsCore ``obs_publisher_did``), ``arc:KEY`` its qualified name in provenance documents.
"""

import hashlib
import re

KEY = re.compile(r"[a-z](?:[a-z0-9_.-]*[a-z0-9_-])?")
NAMESPACE = "arc"


class InvalidKey(ValueError):
    """The text is not a KEY."""


def is_key(text: str) -> bool:
    return KEY.fullmatch(text) is not None


def did(key: str, authority: str) -> str:
    """``ivo://AUTHORITY/arc?KEY`` for a KEY."""
    if not is_key(key):
        raise InvalidKey(key)
    return f"ivo://{authority}/{NAMESPACE}?{key}"


def key_of(identifier: str, authority: str) -> str:
    """The KEY of a KEY, an own identifier or an own QName; ``InvalidKey`` for anything else."""
    base = f"ivo://{authority}/{NAMESPACE}?"
    text = identifier
    # IVOIDs compare without regard to case in the authority part (IVOA Identifiers 2.0, section 2.6).
    if text[: len(base)].lower() == base.lower():
        text = text[len(base) :]
    elif text.startswith(f"{NAMESPACE}:"):
        text = text[len(NAMESPACE) + 1 :]
    if not is_key(text):
        raise InvalidKey(identifier)
    return text


def foreign_key(identifier: str) -> str:
    """A legal local name ``x-<hash>`` for an identifier made elsewhere, which stays as its alternate."""
    return "x-" + hashlib.sha256(identifier.encode()).hexdigest()[:24]


def slug(text: str) -> str:
    """Text folded to the letters of a KEY (not unique): ``'PKS 2155-304'`` gives ``'pks-2155-304'``."""
    folded = re.sub(r"[^a-z0-9_.-]+", "-", text.lower()).strip("-.")
    return folded if folded and folded[0].isalpha() else f"x-{folded}".rstrip("-.")
