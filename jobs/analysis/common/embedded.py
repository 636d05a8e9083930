"""The provenance document that a product carries: the history of its inputs, and the job itself at its end.

PROV-JSON in the words of the IVOA Provenance DM 1.0, as the gateway serves it; names are ``arc:KEY``.
"""

import json
from copy import deepcopy
from datetime import UTC, datetime
from typing import Any

from gateway.vo.identifiers import InvalidKey, key_of
from jobs.activity import HISTORY
from jobs.analysis.common.stamp import Stamp, parameters, software

ENTITIES = ("entity", "datasetEntity", "valueEntity", "collection")
EMPTY: dict[str, Any] = {
    "prefix": {
        "prov": "http://www.w3.org/ns/prov#",
        "voprov": "http://www.ivoa.net/documents/ProvenanceDM/index.html#",
        "gw": "urn:distiller:provenance#",
    }
}


def document(stamp: Stamp) -> dict[str, Any]:
    """History of the inputs where the gateway laid it beside them, else only the job and what it used."""
    result = _upstream(stamp)
    result["prefix"].setdefault("arc", f"ivo://{stamp.job.authority}/arc?")
    activity, product = f"arc:job-{stamp.job.id}", f"arc:{_key(stamp.identifier, stamp)}"
    _into(result, "activity", activity, {
        "prov:name": stamp.job.type,
        "prov:startTime": stamp.started.isoformat(),
        "prov:endTime": datetime.now(UTC).isoformat(),
        "gw:software": [f"{stamp.job.site_name} {stamp.job.version}", *(f"{n} {v}" for n, v in software().items())],
        "gw:parameters": {name: _text(value) for name, value in parameters(stamp.params).items()},
        "voprov:location": stamp.job.url,
    })  # fmt: skip
    _into(result, "entity", product, {"prov:name": stamp.title, "gw:level": stamp.level})
    _into(result, "wasGeneratedBy", "_:product", {"prov:entity": product, "prov:activity": activity})
    for number, (role, item) in enumerate((role, item) for role, items in stamp.inputs.items() for item in items):
        used = f"arc:{_key(item.identifier, stamp)}"
        if not any(used in result.get(cls, {}) for cls in ENTITIES):
            _into(result, "entity", used, {"gw:sha256": item.sha256, "gw:alternate": item.identifier})
        link = {"prov:activity": activity, "prov:entity": used, "prov:role": role}
        _into(result, "used", f"_:input{number}", link)
        derived = {"prov:generatedEntity": product, "prov:usedEntity": used}
        _into(result, "wasDerivedFrom", f"_:derived{number}", derived)
    return result


def _upstream(stamp: Stamp) -> dict[str, Any]:
    for item in stamp.staged:
        path = item.path.parent.parent / HISTORY
        if path.is_file():
            return dict(json.loads(path.read_text()))
    return deepcopy(EMPTY)


def _into(document: dict[str, Any], cls: str, key: str, content: dict[str, Any]) -> None:
    document.setdefault(cls, {})[key] = content


def _key(identifier: str, stamp: Stamp) -> str:
    try:
        return key_of(identifier, stamp.job.authority)
    except InvalidKey:
        return identifier.replace(":", "-")


def _text(value: Any) -> str:
    return "; ".join(map(str, value)) if isinstance(value, tuple) else str(value)
