"""The formats this service answers in."""

import re

from django.utils.translation import gettext as _

from gateway.vo.dali import DaliError, Parameters
from search.tap.formats.base import Format
from search.tap.formats.fits import FITS
from search.tap.formats.json import JSON
from search.tap.formats.parquet import PARQUET
from search.tap.formats.text import CSV, TSV
from search.tap.formats.votable import BINARY, BINARY2, TABLEDATA

FORMATS: tuple[Format, ...] = (TABLEDATA, BINARY2, BINARY, CSV, TSV, JSON, FITS, PARQUET)


def _folded(word: str) -> str:
    return re.sub(r"\s|\"", "", word).lower()


_BY_NAME = {_folded(word): form for form in FORMATS for word in (form.media_type, *form.aliases)}


def chosen(parameters: Parameters) -> tuple[Format, str]:
    """The format asked for, and the Content-Type to answer with: the client's own words if it named a media type."""
    asked = parameters.single("RESPONSEFORMAT", "FORMAT").strip()
    if not asked:
        return TABLEDATA, TABLEDATA.media_type
    form = _BY_NAME.get(_folded(asked))
    if form is None:
        names = ", ".join(form.aliases[0] for form in FORMATS)
        text = _("RESPONSEFORMAT %(asked)s is not offered; choose one of %(names)s.")
        raise DaliError(400, text % {"asked": repr(asked[:80]), "names": names})
    is_own = _folded(asked) in (_folded(form.media_type), form.aliases[0]) or "/" not in asked
    return form, form.media_type if is_own or asked.startswith("votable/") else _folded(asked)
