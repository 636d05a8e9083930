"""JSON: ``{"metadata": [...], "data": [[...], ...], "status": "OK"}``, readable while it streams."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import fields
from typing import Any

import orjson

from gateway.vo.cells import blocks
from gateway.vo.tables import Column
from search.tap.formats.base import Answer, Format

_SHOWN = ("name", "datatype", "arraysize", "xtype", "unit", "ucd", "utype", "description")


def _metadata(column: Column) -> dict[str, str]:
    words = {field.name: getattr(column, field.name) for field in fields(column) if field.name in _SHOWN}
    return {name: value for name, value in words.items() if value}


def _rows(block: Sequence[Sequence[Any]]) -> bytes:
    """The rows of a block, one a line; what is not finite is null."""
    try:
        return b",\n".join(map(orjson.dumps, block))
    except TypeError:
        return b",\n".join(orjson.dumps([_plain(value) for value in row], default=str) for row in block)


def _plain(value: Any) -> Any:
    """What JSON has no word for, as text: bytes, whole numbers beyond 64 bits, broken characters."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    return str(value) if isinstance(value, int) and abs(value) >= 2**63 else value


def _write(answer: Answer) -> Iterator[bytes]:
    head = json.dumps([_metadata(column) for column in answer.columns], ensure_ascii=False)
    yield f'{{"metadata": {head},\n"data": ['.encode()
    before = b"\n"
    for block in blocks(answer.rows):
        yield before + _rows(block)
        before = b",\n"
    ending = [*answer.infos, *answer.trailer()]
    status = [info for info in ending if info.name == "QUERY_STATUS"][-1]
    yield f'\n],\n"status": {json.dumps(status.value)}, "message": {json.dumps(status.text)}}}\n'.encode()


JSON = Format(media_type="application/json", aliases=("json",), extension="json", write=_write)
