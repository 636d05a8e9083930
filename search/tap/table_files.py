"""Tables in files, as astronomers have them: columns with unit, UCD and words, rows of plain values."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from gateway.vo import votable_reader
from gateway.vo.cells import number_text
from gateway.vo.tables import Column
from gateway.vo.votable_reader import BadVOTable, Table

MAX_BYTES = 4 * 2**30
MAX_ROWS = 50_000_000
_VOTABLE = (".vot", ".xml", ".votable", ".vot.gz", ".xml.gz")
_FORMATS = {".fits": "fits", ".fit": "fits", ".csv": "ascii.csv", ".ecsv": "ascii.ecsv", ".parquet": "parquet"}
_TYPES = {"b1": "boolean", "u1": "unsignedByte", "i1": "short", "i2": "short", "u2": "int", "i4": "int", "u4": "long"}


class UnreadableTable(ValueError):
    """The file is no table that can be read; the text says why."""


def read(path: Path, *, ra: str = "", dec: str = "") -> Table:
    """The table of a VOTable, FITS, CSV, ECSV or Parquet file. ``ra``, ``dec``: columns to mark as the position."""
    if not path.is_file():
        raise UnreadableTable(f"There is no file {path}.")
    table = _votable(path) if path.name.lower().endswith(_VOTABLE) else _by_astropy(path)
    known = {column.name for column in table.columns}
    for name in (ra, dec):
        if name and name not in known:
            raise UnreadableTable(f"There is no column {name} in {path.name}; it has {', '.join(sorted(known))}.")
    marks = {ra: "pos.eq.ra;meta.main", dec: "pos.eq.dec;meta.main"}
    columns = tuple(
        replace(c, ucd=marks[c.name], unit=c.unit or "deg") if c.name and c.name in marks else c for c in table.columns
    )
    return Table(columns, table.rows)


def _votable(path: Path) -> Table:
    try:
        with path.open("rb") as stream:
            return votable_reader.read(stream, max_bytes=MAX_BYTES, max_rows=MAX_ROWS)
    except BadVOTable as error:
        raise UnreadableTable(f"{path.name}: {error}") from error


def _by_astropy(path: Path) -> Table:
    from astropy.table import Table as AstropyTable  # noqa: PLC0415 (only the command needs it)

    suffix = path.with_suffix("").suffix if path.suffix == ".gz" else path.suffix
    form = _FORMATS.get(suffix.lower())
    if form is None:
        raise UnreadableTable(f"{path.name}: the formats are VOTable, FITS, CSV, ECSV and Parquet, by their endings.")
    try:
        table = _parquet(path) if form == "parquet" else AstropyTable.read(path, format=form)
    except Exception as error:
        raise UnreadableTable(f"{path.name} cannot be read: {error}") from error
    columns = tuple(_column(name, table[name], _keywords(table.meta, at)) for at, name in enumerate(table.colnames, 1))
    cells = [_cells(table[name]) for name in table.colnames]
    return Table(columns, list(zip(*cells, strict=True)))


def _parquet(path: Path) -> Any:
    """astropy asks for pandas here; Arrow's own reader does without."""
    from astropy.table import MaskedColumn  # noqa: PLC0415
    from astropy.table import Table as AstropyTable  # noqa: PLC0415
    from pyarrow import parquet  # noqa: PLC0415

    read = parquet.read_table(path)
    said = _said_by_astropy(read.schema.metadata or {})
    table = AstropyTable()
    for field in read.schema:
        values = read.column(field.name).to_pylist()
        words = said.get(field.name, {})
        words |= {key.decode(): value.decode() for key, value in (field.metadata or {}).items()}
        known = next((value for value in values if value is not None), 0)
        filled = [type(known)() if value is None else value for value in values]
        table[field.name] = MaskedColumn(
            filled,
            mask=[value is None for value in values],
            unit=words.get("unit"),
            description=words.get("description"),
            meta={"ucd": words.get("ucd", "")},
        )
    return table


def _said_by_astropy(metadata: dict[bytes, bytes]) -> dict[str, dict[str, str]]:
    """Unit, description and UCD of each column, where astropy wrote the file: it keeps them beside Arrow's own."""
    from astropy.table.meta import get_header_from_yaml  # noqa: PLC0415

    lines = metadata.get(b"table_meta_yaml", b"").decode().splitlines()
    found = get_header_from_yaml(lines)["datatype"] if lines else []
    known = ("unit", "description", "ucd")
    every = {one["name"]: {**one, **(one.get("meta") or {})} for one in found}
    return {name: {key: str(one[key]) for key in known if one.get(key)} for name, one in every.items()}


def _keywords(meta: Any, number: int) -> dict[str, str]:
    """What a FITS header says of a column by the keywords that TOPCAT and STILTS write."""
    words = {"ucd": "TUCD", "utype": "TUTYP", "description": "TCOMM"}
    return {name: str(meta[f"{key}{number}"]) for name, key in words.items() if f"{key}{number}" in meta}


def _column(name: str, data: Any, words: dict[str, str]) -> Column:
    text = data.dtype.kind in "SUO"
    datatype = "char" if text else _TYPES.get(data.dtype.str[1:], "long" if data.dtype.kind in "iu" else "double")
    sides = "*" if text or data.ndim > 1 else ""
    meta = {key.lower(): str(value) for key, value in (data.info.meta or {}).items()}
    return Column(
        name=name,
        datatype=datatype,
        arraysize=sides,
        unit=str(data.unit) if data.unit is not None else "",
        ucd=meta.get("ucd", "") or words.get("ucd", ""),
        utype=meta.get("utype", "") or words.get("utype", ""),
        description=str(data.info.description or meta.get("comments", "") or words.get("description", "")),
    )


def _cells(data: Any) -> list[Any]:
    if data.ndim > 1:
        return [" ".join(map(number_text, row)) for row in data.reshape(len(data), -1).tolist()]
    plain = data.tolist()
    if data.dtype.kind in "SUO":
        return [None if v is None else v.decode("utf-8", "replace") if isinstance(v, bytes) else str(v) for v in plain]
    if data.dtype.kind == "f":
        return [None if v is None or v != v else v for v in plain]  # noqa: PLR0124 - NaN
    return [None if v is None else int(v) for v in plain]
