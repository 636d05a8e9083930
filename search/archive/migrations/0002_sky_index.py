"""R*Trees with triggers on SQLite, GiST over cube on PostgreSQL."""

from django.db import migrations

from search.archive import sky_index


def install(apps, schema_editor):
    sky_index.install(schema_editor.connection)


class Migration(migrations.Migration):
    dependencies = [("archive", "0001_initial")]
    operations = [migrations.RunPython(install, migrations.RunPython.noop)]
