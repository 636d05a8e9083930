"""Parquet, a row group for each ten thousand rows, with the VOTable header in its metadata (VOParquet 1.0)."""

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

from gateway.vo import votable
from gateway.vo.cells import is_array
from gateway.vo.pieces import Pieces
from gateway.vo.tables import Column
from search.tap.formats.base import Answer, Format, checked

GROUP = 10_000


def _type(arrow: Any, column: Column) -> Any:
    if is_array(column) or column.datatype in ("char", "unicodeChar") or column.datatype.endswith("Complex"):
        return arrow.string()
    kinds = {
        "boolean": arrow.bool_(),
        "bit": arrow.uint8(),
        "unsignedByte": arrow.uint8(),
        "short": arrow.int16(),
        "int": arrow.int32(),
        "long": arrow.int64(),
        "float": arrow.float32(),
    }
    return kinds.get(column.datatype, arrow.float64())


def _schema(arrow: Any, answer: Answer) -> Any:
    fields = []
    for column in answer.columns:
        words = {"unit": column.unit, "ucd": column.ucd, "description": column.description}
        described = {key: value for key, value in words.items() if value}
        fields.append(arrow.field(column.name, _type(arrow, column), metadata=described or None))
    header = b"".join(votable.write(answer.columns, (), infos=answer.infos))
    return arrow.schema(
        fields, metadata={"IVOA.VOTable-Parquet.version": "1.0", "IVOA.VOTable-Parquet.content": header.decode()}
    )


def _group(arrow: Any, schema: Any, rows: list[Sequence[Any]]) -> Any:
    columns = list(zip(*rows, strict=True))
    arrays = []
    for values, field in zip(columns, schema, strict=True):
        cells = values
        if arrow.types.is_boolean(field.type):
            cells = tuple(None if value is None else bool(value) for value in values)
        elif arrow.types.is_string(field.type):
            cells = tuple(None if value is None else str(value) for value in values)
        elif arrow.types.is_floating(field.type):
            cells = tuple(None if value is None else float(value) for value in values)
        arrays.append(arrow.array(cells, type=field.type))
    return arrow.Table.from_arrays(arrays, schema=schema)


def _write(answer: Answer) -> Iterator[bytes]:
    import pyarrow as arrow  # noqa: PLC0415 (60 MB that most processes never need)
    from pyarrow import parquet  # noqa: PLC0415

    schema, sink = _schema(arrow, answer), Pieces()
    rows = iter(checked(answer))
    with parquet.ParquetWriter(arrow.PythonFile(sink, mode="w"), schema) as writer:
        yield sink.take()
        while group := list(islice(rows, GROUP)):
            writer.write_table(_group(arrow, schema, group))
            yield sink.take()
    yield sink.take()


PARQUET = Format(media_type="application/vnd.apache.parquet", aliases=("parquet",), extension="parquet", write=_write)
