"""TAP_SCHEMA 1.1: it describes every published table, itself included (TAP 1.1, section 4)."""

from dataclasses import replace

from django.db import transaction

from gateway.vo.tables import Column, ForeignKey, PublishedSchema, PublishedTable
from search.tap.models import ColumnRow, KeyColumnRow, KeyRow, SchemaRow, TableRow
from search.tap.names import typed

SCHEMA = PublishedSchema(
    name="tap_schema",
    description="The tables, columns and foreign keys that this service publishes (TAP 1.1)",
    utype="tap_schema",
)


def _text(name: str, description: str, *, principal: bool = True) -> Column:
    return Column(name=name, datatype="char", arraysize="*", description=description, std=True, principal=principal)


def _number(name: str, description: str, *, principal: bool = False) -> Column:
    return Column(name=name, datatype="int", description=description, std=True, principal=principal)


SCHEMAS = PublishedTable(
    name="tap_schema.schemas",
    physical="tap_schema_schemas",
    description="schemas of this service",
    columns=(
        _text("schema_name", "name of the schema"),
        _text("utype", "utype of the schema, if it stands for a data model", principal=False),
        _text("description", "what the schema holds"),
        _number("schema_index", "recommended place in a list"),
    ),
)
TABLES = PublishedTable(
    name="tap_schema.tables",
    physical="tap_schema_tables",
    description="tables of this service",
    columns=(
        _text("schema_name", "schema the table belongs to"),
        _text("table_name", "name of the table as a query writes it"),
        _text("table_type", "table or view"),
        _text("utype", "utype of the table, if it stands for a data model", principal=False),
        _text("description", "what the table holds"),
        _number("table_index", "recommended place in a list"),
    ),
    keys=(ForeignKey(target="tap_schema.schemas", columns=(("schema_name", "schema_name"),)),),
)
COLUMNS = PublishedTable(
    name="tap_schema.columns",
    physical="tap_schema_columns",
    description="columns of the tables of this service",
    columns=(
        _text("table_name", "table the column belongs to"),
        _text("column_name", "name of the column as a query writes it"),
        _text("datatype", "datatype as in VOTable"),
        _text("arraysize", "arraysize as in VOTable", principal=False),
        _text("xtype", "extended type as in VOTable", principal=False),
        _number("size", "length of a one-dimensional array; use arraysize"),
        _text("description", "what the column means"),
        _text("utype", "utype of the column", principal=False),
        _text("unit", "unit in VOUnits syntax"),
        _text("ucd", "unified content descriptor"),
        _number("indexed", "1: a condition on the column is fast"),
        _number("principal", "1: a column to look at first"),
        _number("std", "1: defined by a standard"),
        _number("column_index", "recommended place in a list"),
    ),
    keys=(ForeignKey(target="tap_schema.tables", columns=(("table_name", "table_name"),)),),
)
KEYS = PublishedTable(
    name="tap_schema.keys",
    physical="tap_schema_keys",
    description="foreign keys between the tables of this service",
    columns=(
        _text("key_id", "identifier of the key"),
        _text("from_table", "table that refers"),
        _text("target_table", "table referred to"),
        _text("description", "what the key means"),
        _text("utype", "utype of the key", principal=False),
    ),
    keys=(
        ForeignKey(target="tap_schema.tables", columns=(("from_table", "table_name"),)),
        ForeignKey(target="tap_schema.tables", columns=(("target_table", "table_name"),)),
    ),
)
KEY_COLUMNS = PublishedTable(
    name="tap_schema.key_columns",
    physical="tap_schema_key_columns",
    description="columns of the foreign keys",
    columns=(
        _text("key_id", "identifier of the key"),
        _text("from_column", "column in the table that refers"),
        _text("target_column", "column in the table referred to"),
    ),
    keys=(ForeignKey(target="tap_schema.keys", columns=(("key_id", "key_id"),)),),
)
OWN_TABLES = (SCHEMAS, TABLES, COLUMNS, KEYS, KEY_COLUMNS)


def size_of(arraysize: str) -> int | None:
    """The deprecated "size": the number of a one-dimensional arraysize (TAP 1.1, section 4.3)."""
    digits = arraysize.removesuffix("*")
    return int(digits) if digits.isdigit() else None


def as_typed(table: PublishedTable) -> PublishedTable:
    """The table with its names as a query writes them: what TAP_SCHEMA and /tables show."""
    columns = tuple(replace(column, name=typed(column.name)) for column in table.columns)
    keys = tuple(
        replace(key, columns=tuple((typed(here), typed(there)) for here, there in key.columns)) for key in table.keys
    )
    return replace(table, columns=columns, keys=keys)


def fill(schemas: list[PublishedSchema], tables: list[PublishedTable]) -> None:
    """Makes the five tables say what is published now, all or nothing."""
    shown = [as_typed(table) for table in tables]
    with transaction.atomic():
        for model in (SchemaRow, TableRow, ColumnRow, KeyRow, KeyColumnRow):
            model._default_manager.all().delete()
        SchemaRow.objects.bulk_create(_schema_rows(schemas))
        TableRow.objects.bulk_create(_table_rows(shown))
        ColumnRow.objects.bulk_create([row for table in shown for row in _column_rows(table)])
        keys = [(f"{table.name}-{i}", table, key) for table in shown for i, key in enumerate(table.keys, 1)]
        KeyRow.objects.bulk_create([_key_row(key_id, table, key) for key_id, table, key in keys])
        KeyColumnRow.objects.bulk_create(
            [
                KeyColumnRow(key_id=key_id, from_column=here, target_column=there)
                for key_id, _table, key in keys
                for here, there in key.columns
            ]
        )


def _schema_rows(schemas: list[PublishedSchema]) -> list[SchemaRow]:
    return [
        SchemaRow(
            schema_name=schema.name,
            utype=schema.utype or None,
            description=schema.description or None,
            schema_index=number,
        )
        for number, schema in enumerate(schemas, 1)
    ]


def _table_rows(tables: list[PublishedTable]) -> list[TableRow]:
    return [
        TableRow(
            schema_name=table.schema,
            table_name=table.name,
            table_type=table.type,
            utype=table.utype or None,
            description=table.description or None,
            table_index=number,
        )
        for number, table in enumerate(tables, 1)
    ]


def _column_rows(table: PublishedTable) -> list[ColumnRow]:
    return [
        ColumnRow(
            table_name=table.name,
            column_name=column.name,
            datatype=column.datatype,
            arraysize=column.arraysize or None,
            xtype=column.xtype or None,
            size=size_of(column.arraysize),
            description=column.description or None,
            utype=column.utype or None,
            unit=column.unit or None,
            ucd=column.ucd or None,
            indexed=int(column.indexed),
            principal=int(column.principal),
            std=int(column.std),
            column_index=number,
        )
        for number, column in enumerate(table.columns, 1)
    ]


def _key_row(key_id: str, table: PublishedTable, key: ForeignKey) -> KeyRow:
    return KeyRow(key_id=key_id, from_table=table.name, target_table=key.target, description=key.description or None)
