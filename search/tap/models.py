"""TAP_SCHEMA 1.1 (TAP 1.1, section 4) as tables, and the tables that an operator published by command.

The five are filled from ``gateway.vo.tables`` (``search.tap.tap_schema.fill``); nobody edits them.
"""

from django.db import models


class SchemaRow(models.Model):
    schema_name = models.CharField(max_length=255, unique=True)
    utype = models.CharField(max_length=255, null=True)
    description = models.TextField(null=True)
    schema_index = models.IntegerField()

    class Meta:
        db_table = "tap_schema_schemas"
        verbose_name = "TAP_SCHEMA schema"

    def __str__(self) -> str:
        return self.schema_name


class TableRow(models.Model):
    schema_name = models.CharField(max_length=255)
    table_name = models.CharField(max_length=255, unique=True)
    table_type = models.CharField(max_length=32)
    utype = models.CharField(max_length=255, null=True)
    description = models.TextField(null=True)
    table_index = models.IntegerField()

    class Meta:
        db_table = "tap_schema_tables"
        verbose_name = "TAP_SCHEMA table"

    def __str__(self) -> str:
        return self.table_name


class ColumnRow(models.Model):
    table_name = models.CharField(max_length=255)
    column_name = models.CharField(max_length=255)
    datatype = models.CharField(max_length=64)
    arraysize = models.CharField(max_length=64, null=True)
    xtype = models.CharField(max_length=64, null=True)
    size = models.IntegerField(null=True)
    description = models.TextField(null=True)
    utype = models.CharField(max_length=255, null=True)
    unit = models.CharField(max_length=64, null=True)
    ucd = models.CharField(max_length=255, null=True)
    indexed = models.IntegerField()
    principal = models.IntegerField()
    std = models.IntegerField()
    column_index = models.IntegerField()

    class Meta:
        db_table = "tap_schema_columns"
        verbose_name = "TAP_SCHEMA column"
        constraints = [models.UniqueConstraint(fields=["table_name", "column_name"], name="tap_schema_one_column")]

    def __str__(self) -> str:
        return f"{self.table_name}.{self.column_name}"


class KeyRow(models.Model):
    key_id = models.CharField(max_length=255, unique=True)
    from_table = models.CharField(max_length=255)
    target_table = models.CharField(max_length=255)
    description = models.TextField(null=True)
    utype = models.CharField(max_length=255, null=True)

    class Meta:
        db_table = "tap_schema_keys"
        verbose_name = "TAP_SCHEMA key"

    def __str__(self) -> str:
        return self.key_id


class KeyColumnRow(models.Model):
    key_id = models.CharField(max_length=255)
    from_column = models.CharField(max_length=255)
    target_column = models.CharField(max_length=255)

    class Meta:
        db_table = "tap_schema_key_columns"
        verbose_name = "TAP_SCHEMA key column"

    def __str__(self) -> str:
        return f"{self.key_id}: {self.from_column}"


class Catalogue(models.Model):
    """A table that ``publish_table`` made: its rows lie in ``physical``, its metadata in ``columns``."""

    name = models.CharField(max_length=128, unique=True, help_text="schema.table")
    physical = models.CharField(max_length=63, unique=True)
    description = models.TextField(blank=True)
    columns = models.JSONField(help_text="members of gateway.vo.tables.Column, in order")
    position = models.JSONField(null=True, blank=True, help_text="physical columns with right ascension, declination")
    row_count = models.BigIntegerField(default=0)
    published_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return self.name


class RegistryStamp(models.Model):
    """When a registry record last changed, so that harvesters may ask for what is new."""

    ivoid = models.CharField(max_length=255, primary_key=True)
    digest = models.CharField(max_length=64)
    updated = models.DateTimeField()

    def __str__(self) -> str:
        return self.ivoid
