"""CSV (RFC 4180, with a header line) and TSV, whose cells hold no tab and no line break."""

import re
from collections.abc import Callable, Iterator, Sequence

from gateway.vo.cells import blocks, in_rows, is_uniform, plain_cells
from search.tap.formats.base import Answer, Format, checked

Texts = Sequence[str]
_BREAKS = re.compile("[\t\n\r]")
_UNSAFE = re.compile('[\t\n\r"#]')
_QUOTED = re.compile('[,"\n\r]')


def _csv_cells(texts: Texts) -> Texts:
    if not _QUOTED.search("".join(texts)):
        return texts
    return ['"' + text.replace('"', '""') + '"' if _QUOTED.search(text) else text for text in texts]


def _lone_csv_cells(texts: Texts) -> Texts:
    """The only cell of a row is never left empty: readers skip empty lines."""
    return [text or '""' for text in _csv_cells(texts)]


def _tsv_cells(texts: Texts) -> Texts:
    """Readers take a cell that begins with # for a comment (astropy then has no row at all), and one that begins with
    a quotation mark for a quoted one: these are quoted."""
    if not _UNSAFE.search("".join(texts)):
        return texts
    return [_tsv_cell(_BREAKS.sub(" ", text)) for text in texts]


def _tsv_cell(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if text[:1] in ("#", '"') else text


def _lines(answer: Answer, cells: Callable[[Texts], Texts], separator: str, end: str) -> Iterator[bytes]:
    """The names of the columns, then a block of rows at a time. ``cells`` makes the texts of a column fit to stand
    between separators."""
    yield (separator.join(cells([column.name for column in answer.columns])) + end).encode("utf-8", "replace")
    writers = [plain_cells(column) for column in answer.columns]
    for block in blocks(checked(answer)):
        pieces: list[str | Texts] = []
        for write, values in zip(writers, zip(*block, strict=True), strict=True):
            pieces += (cells(write(values[:1]))[0] if is_uniform(values) else cells(write(values))), separator
        yield in_rows([*pieces[:-1], end], len(block), "").encode("utf-8", "replace")


def _csv(answer: Answer) -> Iterator[bytes]:
    return _lines(answer, _csv_cells if len(answer.columns) > 1 else _lone_csv_cells, ",", "\r\n")


def _tsv(answer: Answer) -> Iterator[bytes]:
    return _lines(answer, _tsv_cells, "\t", "\n")


CSV = Format(media_type="text/csv;header=present", aliases=("csv", "text/csv"), extension="csv", write=_csv)
TSV = Format(media_type="text/tab-separated-values", aliases=("tsv",), extension="tsv", write=_tsv)
