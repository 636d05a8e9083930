"""The sky indexes of published tables on PostgreSQL anew: over boxes, no longer over cubes."""

from django.db import migrations

from search.adql.index import drop_ddl, index_ddl
from search.tap import published


def install(apps, schema_editor):
    if schema_editor.connection.vendor != "postgresql":
        return
    for catalogue in apps.get_model("tap", "Catalogue").objects.all():
        table = published.table_of(catalogue)
        for statement in (*drop_ddl(table, "postgresql"), *index_ddl(table, "postgresql")):
            schema_editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [("tap", "0001_initial")]
    operations = [migrations.RunPython(install, migrations.RunPython.noop)]
