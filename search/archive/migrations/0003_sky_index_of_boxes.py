"""The sky index of PostgreSQL anew: over boxes, no longer over cubes."""

from django.db import migrations

from search.archive import sky_index


def install(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        sky_index.install(schema_editor.connection)


class Migration(migrations.Migration):
    dependencies = [("archive", "0002_sky_index")]
    operations = [migrations.RunPython(install, migrations.RunPython.noop)]
