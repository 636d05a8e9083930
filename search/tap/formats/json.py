"""JSON: ``{"metadata": [...], "data": [[...], ...], "status": "OK"}``, readable while it streams."""

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import fields
from typing import Any

from gateway.vo.cells import blocks
from gateway.vo.tables import Column
from search.tap.formats.base import Answer, Format

_SHOWN = ("name", "datatype", "arraysize", "xtype", "unit", "ucd", "utype", "description")


def _metadata(column: Column) -> dict[str, str]:
    words = {field.name: getattr(column, field.name) for field in fields(column) if field.name in _SHOWN}
    return {name: value for name, value in words.items() if value}


def _value(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value


def _row(row: Sequence[Any]) -> str:
    try:
        return json.dumps(row, ensure_ascii=False, allow_nan=False)
    except (ValueError, TypeError):
        return json.dumps([_value(value) for value in row], ensure_ascii=False)


def _write(answer: Answer) -> Iterator[bytes]:
    head = json.dumps([_metadata(column) for column in answer.columns], ensure_ascii=False)
    yield f'{{"metadata": {head},\n"data": ['.encode()
    before = "\n"
    for block in blocks(answer.rows):
        yield (before + ",\n".join(map(_row, block))).encode("utf-8", "replace")
        before = ",\n"
    ending = [*answer.infos, *answer.trailer()]
    status = [info for info in ending if info.name == "QUERY_STATUS"][-1]
    yield f'\n],\n"status": {json.dumps(status.value)}, "message": {json.dumps(status.text)}}}\n'.encode()


JSON = Format(media_type="application/json", aliases=("json",), extension="json", write=_write)
