"""The hooks that the jobs room offers (filled by higher rooms in their AppConfig)."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from gateway.access.rights import Viewer
from gateway.vo.hooks import Hook


class InputNotFound(Exception):
    """No such product, or the viewer may not know of it."""


class InputForbidden(Exception):
    """The viewer may know of the product but not fetch it; the text is the reason in words."""


@dataclass(frozen=True)
class InputProduct:
    """A product as the jobs room sees it."""

    identifier: str
    key: str
    file_name: str
    content_type: str
    size: int
    sha256: str
    product_type: str
    policy_id: int
    obscore: Mapping[str, Any]


@dataclass(frozen=True)
class NewProduct:
    """A file that a job made and that becomes a product."""

    key: str
    path: Path
    content_type: str
    title: str
    size: int
    sha256: str
    obscore: Mapping[str, Any]
    job_id: UUID
    policy_id: int
    input_keys: tuple[str, ...]
    owner_name: str


inputs: Hook[[str, Viewer], InputProduct] = Hook("jobs.inputs")
"""``inputs(identifier, viewer)``: identifier or KEY to product; raises InputNotFound or InputForbidden."""

stage: Hook[[InputProduct, Path], None] = Hook("jobs.stage")
"""``stage(product, target)``: lays the product's bytes at the path (link or copy) and checks their SHA-256."""

results: Hook[[NewProduct], str] = Hook("jobs.results")
"""``results(new)``: registers the product (within the caller's transaction) and returns its identifier. Idempotent."""

remove: Hook[[str], None] = Hook("jobs.remove")
"""``remove(key)``: destruction of a result that was not kept; leaves a tombstone."""

set_policy: Hook[[str, int], None] = Hook("jobs.set_policy")
"""``set_policy(key, policy_id)``: a result was shared or published; the product's row follows."""

serve: Hook[[HttpRequest, str], HttpResponseBase] = Hook("jobs.serve")
"""``serve(request, key)``: the product's bytes as its own address gives them, with every check of that address."""
