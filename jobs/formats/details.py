"""What a format has no place for: the members in which the document and its plain reading differ.

VOTable and WADL carry these as JSON texts under a path (``parameters.nxpix.label``), so that no format loses anything
and a reader that does not know them still gets the rest.
"""

import json
from collections.abc import Mapping
from typing import Any

from jobs.formats.rules import wrong

Json = dict[str, Any]
LISTS = ("parameters", "outputs")
LEFT_OUT = "uws"
"""where it lies here says nothing elsewhere"""


def flat(document: Mapping[str, Any]) -> Json:
    """Path to value; members of the lists stand under their names, and the order of each list by itself."""
    paths: Json = {}
    for key, value in document.items():
        if key in LISTS:
            paths[f"{key}.order"] = [item["name"] for item in value]
            for item in value:
                paths |= {f"{key}.{item['name']}.{member}": told for member, told in item.items()}
        elif key != LEFT_OUT:
            paths[key] = value
    return paths


def difference(document: Mapping[str, Any], read: Mapping[str, Any]) -> dict[str, str]:
    """Path to JSON text; null takes a member away."""
    wanted, there = flat(document), flat(read)
    changed = {path: json.dumps(value) for path, value in wanted.items() if path not in there or there[path] != value}
    return changed | {path: "null" for path in there if path not in wanted}


def apply(read: Json, texts: Mapping[str, str]) -> Json:
    """The plain reading with its details."""
    paths = flat(read)
    for path, text in texts.items():
        try:
            paths[path] = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise wrong(path[:80], text[:80], "is no JSON text") from error
    document: Json = {key: [] for key in LISTS}
    items: dict[str, dict[str, Json]] = {key: {} for key in LISTS}
    for path, value in paths.items():
        first, _dot, rest = path.partition(".")
        if first not in LISTS:
            document[first] = value
        elif rest != "order":
            name, _dot, member = rest.rpartition(".")
            if value is not None or member == "default":
                items[first].setdefault(name, {})[member] = value
    for key in LISTS:
        order = paths.get(f"{key}.order") or []
        if not isinstance(order, list) or not all(isinstance(name, str) for name in order):
            raise wrong(f"{key}.order", "", "must be a list of names")
        known = [name for name in order if name in items[key]]
        document[key] = [items[key][name] for name in dict.fromkeys([*known, *items[key]])]
    return document
