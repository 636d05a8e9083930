"""The hooks that the provenance room offers (filled by jobs and search)."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from gateway.access.rights import Viewer
from gateway.vo.hooks import Hook, Registry


@dataclass(frozen=True)
class Action:
    """A button of a provenance page: the address it leads to, or None where it does not apply."""

    label: str
    icon: str
    method: str
    """GET or POST"""
    url: str


actions: "Registry[ActionSource]" = Registry("provenance.actions")
"""Each member: ``(kind, id, viewer) -> Action | None`` with kind entity or activity."""


class ActionSource:
    """Supplies one action (repeat, open, mark as suspect, select for search)."""

    def __call__(self, kind: str, identifier: str, viewer: Viewer) -> Action | None:
        raise NotImplementedError


def actions_for(kind: str, identifier: str, viewer: Viewer) -> list[Action]:
    """What may be done with it, for its page and for the product's."""
    offered = (source(kind, identifier, viewer) for _key, source in actions.items())
    return [action for action in offered if action is not None]


read_bytes: Hook[[str], Iterator[bytes]] = Hook("provenance.bytes")
"""``read_bytes(key)``: the stored bytes of an entity in blocks, for "verify now"; KeyError where there is no file."""

product_page: Hook[[str, Viewer], str] = Hook("provenance.product_page")
"""``product_page(key, viewer)``: the address of the product's page; empty where the viewer has none."""

suspects: Registry[Callable[[list[str], str], None]] = Registry("provenance.suspects")
"""Each member: ``(keys, reason)`` is told what was marked as suspect; an empty reason withdraws the mark."""
