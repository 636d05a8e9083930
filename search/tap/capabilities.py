"""``/tap/capabilities``: VOSI capabilities with TAPRegExt 1.0 (with its erratum)."""

from django.conf import settings

from gateway.vo import vosi
from gateway.vo.xml import Xml, maybe, tag
from search.tap import features
from search.tap.formats.base import Format
from search.tap.formats.registry import FORMATS

_REG_EXT = "ivo://ivoa.net/std/TAPRegExt#"
SERVICE_ID = "ivo://ivoa.net/std/TAP"
UPLOAD_METHODS = ("upload-inline", "upload-http", "upload-https")


def document(base: str) -> bytes:
    """``base``: ``tap`` or ``tap-auth``."""
    url = f"{settings.PUBLIC_URL}/{base}"
    return vosi.capabilities([table_access(base), *vosi.support(url, tables=True, examples=True)])


def table_access(base: str) -> Xml:
    """The TAP capability, also for the registry record."""
    return vosi.capability(
        SERVICE_ID,
        *_interfaces(base),
        tag("dataModel", "ObsCore-1.1", ivo_id="ivo://ivoa.net/std/ObsCore#core-1.1"),
        _language(),
        *map(_output_format, FORMATS),
        *(tag("uploadMethod", ivo_id=_REG_EXT + method) for method in UPLOAD_METHODS),
        *_limits(),
        kind="tr:TableAccess",
    )


def _interfaces(base: str) -> list[Xml]:
    """One interface for each way in: an interface takes at most one securityMethod (VOResource 1.1). One of them is the
    standard one; validators take a second for a mistake."""
    url = f"{settings.PUBLIC_URL}/{base}"
    ways = (vosi.BASIC, vosi.COOKIE) if base == "tap-auth" else ("", vosi.BASIC, vosi.COOKIE)
    roles = ("std", "", "")
    return [
        vosi.interface(url, role=role, use="base", version="1.1", security=way)
        for way, role in zip(ways, roles, strict=False)
    ]


def _language() -> Xml:
    versions = (tag("version", number, ivo_id=f"ivo://ivoa.net/std/ADQL#v{number}") for number in ("2.0", "2.1"))
    groups = (
        tag("languageFeatures", *(_feature(form, text) for form, text in forms), type=_REG_EXT + kind)
        for kind, forms in features.groups()
    )
    text = "ADQL 2.1 with all of its optional features"
    return tag("language", tag("name", "ADQL"), *versions, tag("description", text), *groups)


def _feature(form: str, text: str) -> Xml:
    return tag("feature", tag("form", form), maybe("description", text))


def _output_format(form: Format) -> Xml:
    aliases = (tag("alias", word) for word in form.aliases)
    return tag("outputFormat", tag("mime", form.media_type), *aliases, ivo_id=form.ivo_id)


def _limits() -> list[Xml]:
    def limit(name: str, default: int, hard: int, unit: str = "") -> Xml:
        return tag(name, tag("default", str(default), unit=unit), tag("hard", str(hard), unit=unit))

    return [
        limit("retentionPeriod", settings.TAP_RETENTION_SECONDS, settings.TAP_RETENTION_SECONDS),
        limit("executionDuration", settings.TAP_ASYNC_SECONDS, settings.TAP_ASYNC_SECONDS_LIMIT),
        limit("outputLimit", settings.TAP_MAXREC, settings.TAP_MAXREC_LIMIT, "row"),
        limit("uploadLimit", settings.TAP_UPLOAD_BYTES, settings.TAP_UPLOAD_BYTES, "byte"),
    ]
