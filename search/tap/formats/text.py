"""CSV (RFC 4180, with a header line) and TSV, whose cells hold no tab and no line break."""

import csv
import io
from collections.abc import Iterator
from typing import Any

from gateway.vo.cells import blocks, number_text
from search.tap.formats.base import Answer, Format, checked


def _cell(value: Any) -> Any:
    if isinstance(value, float):
        return number_text(value)
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value


def _csv(answer: Answer) -> Iterator[bytes]:
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow([column.name for column in answer.columns])
    for block in blocks(checked(answer)):
        writer.writerows([_cell(value) for value in row] for row in block)
        yield _drain(buffer)
    yield _drain(buffer)


def _drain(buffer: io.StringIO) -> bytes:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text.encode("utf-8", "replace")


def _flat(value: Any) -> str:
    if value is None:
        return ""
    return str(_cell(value)).translate({9: " ", 10: " ", 13: " "})


def _tsv(answer: Answer) -> Iterator[bytes]:
    yield ("\t".join(_flat(column.name) for column in answer.columns) + "\n").encode()
    for block in blocks(checked(answer)):
        lines = ("\t".join(map(_flat, row)) for row in block)
        yield ("\n".join(lines) + "\n").encode("utf-8", "replace")


CSV = Format(media_type="text/csv;header=present", aliases=("csv", "text/csv"), extension="csv", write=_csv)
TSV = Format(media_type="text/tab-separated-values", aliases=("tsv",), extension="tsv", write=_tsv)
