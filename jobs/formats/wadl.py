"""A description as WADL (W3C submission of 2009-08-31): what a POST to the job list takes, what a job has below it."""

from collections.abc import Mapping
from typing import Any

from gateway.vo.xml import Xml, document, maybe, tag
from jobs.formats import details
from jobs.formats.rules import wrong
from jobs.formats.xml import child_text, children, local, parse

Json = dict[str, Any]
NAMESPACE = "http://wadl.dev.java.net/2009/02"
DETAILS = "urn:distiller:description:1"
XSD = {"double": "xs:double", "int": "xs:long", "boolean": "xs:boolean", "char": "xs:string"}
DATATYPE = {"double": "double", "float": "double", "decimal": "double", "long": "int", "int": "int", "integer": "int",
            "boolean": "boolean"}  # fmt: skip
CONTROLS = {"PHASE": "xs:string", "RUNID": "xs:string", "EXECUTIONDURATION": "xs:int", "DESTRUCTION": "xs:dateTime"}
CHILDREN = ("phase", "executionduration", "destruction", "quote", "owner", "error", "parameters", "results")


def write(described: Mapping[str, Any], base: str) -> bytes:
    """``base``: address of the site, with its final slash."""
    plain = _wadl(described, base, {})
    return _wadl(described, base, details.difference(described, _plain_reading(plain)))


def _wadl(described: Mapping[str, Any], base: str, more: Mapping[str, str]) -> bytes:
    params = [_param(p) for p in described.get("parameters", [])]
    params += [tag("param", name=name, style="query", type=kind) for name, kind in CONTROLS.items()]
    request = tag("request", tag("representation", mediaType="application/x-www-form-urlencoded"), *params)
    answer = tag("response", tag("representation", mediaType="application/xml"), status="200")
    below = [tag("resource", tag("method", name="GET"), path=child) for child in CHILDREN]
    job = tag("resource", tag("param", name="job", style="template", type="xs:string"), tag("method", name="GET"),
              tag("method", name="DELETE"), *below, path="{job}")  # fmt: skip
    jobs = tag("resource", tag("method", answer, name="GET"),
               tag("method", request, tag("response", status="303"), name="POST"), job,
               path=str(described.get("uws") or f"/uws/{described['name']}").lstrip("/"))  # fmt: skip
    extra = [tag("d:detail", text, path=path) for path, text in more.items()]
    application = tag(
        "application",
        tag("doc", described["text"], title=described["title"]),
        tag("resources", jobs, base=base),
        tag("d:details", *extra, xmlns__d=DETAILS) if extra else Xml(""),
        xmlns=NAMESPACE,
        xmlns__xs="http://www.w3.org/2001/XMLSchema",
    )
    return document(application)


def _param(p: Mapping[str, Any]) -> Xml:
    default = p["default"]
    facts = {
        "name": p["name"],
        "style": "query",
        "type": XSD[p["datatype"]],
        "required": "true" if p["required"] else "false",
        "repeating": "true" if p["repeatable"] else "false",
        "default": "" if default is None or isinstance(default, list) else _word(default),
    }
    options = [tag("option", value=option) for option in p.get("options", ())]
    return tag("param", maybe("doc", p["text"]), *options, **facts)


def _word(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def read(content: bytes) -> Json:
    """The document of a WADL, not yet checked; ``Refused`` (400) where it describes no job list."""
    root = parse(content)
    texts = {e.get("path", ""): e.text or "" for e in root.iter() if local(e) == "detail"}
    return details.apply(_plain_reading(content), texts)


def _plain_reading(content: bytes) -> Json:
    root = parse(content)
    creation = next((m for m in root.iter() if local(m) == "method" and m.get("name") == "POST"), None)
    resource = creation.getparent() if creation is not None else None
    if creation is None or resource is None:
        raise wrong("document", local(root), "has no resource that takes a POST")
    doc = next(iter(children(root, "doc")), None)
    name = (resource.get("path") or "").rstrip("/").rpartition("/")[2].lower()
    text = child_text(root, "doc")
    read: Json = {"name": name, "title": (doc.get("title") if doc is not None else "") or name, "version": "1",
                  "text": text or name, "outputs": [], "test_values": {}}  # fmt: skip
    requests = children(creation, "request")
    params = [p for request in requests for p in request.iter() if local(p) == "param"]
    read["parameters"] = [_read_param(p) for p in params if p.get("name", "").upper() not in {*CONTROLS, "ACTION"}]
    return read


def _read_param(param: Any) -> Json:
    name = param.get("name", "")
    datatype = DATATYPE.get((param.get("type") or "").rpartition(":")[2], "char")
    required = param.get("required") == "true"
    read: Json = {"name": name, "kind": "parameter", "datatype": datatype,
                  "repeatable": param.get("repeating") == "true", "required": required,
                  "default": None if required else _value(datatype, param.get("default")),
                  "text": child_text(param, "doc") or name}  # fmt: skip
    if options := [option.get("value", "") for option in children(param, "option")]:
        read["options"] = options
    return read


def _value(datatype: str, text: str | None) -> Any:
    if text is None or text == "":
        return None
    try:
        return {"int": int, "double": float}[datatype](text) if datatype in ("int", "double") else (
            text == "true" if datatype == "boolean" else text)  # fmt: skip
    except ValueError as error:
        raise wrong("default", text, f"is no {datatype}") from error
