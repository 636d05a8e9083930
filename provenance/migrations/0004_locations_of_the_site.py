"""What this site serves is kept relative to the site."""

from django.conf import settings
from django.db import migrations
from django.db.models import F, Value
from django.db.models.functions import Concat, Replace, Substr


def relative(apps, schema_editor) -> None:
    base = settings.PUBLIC_URL
    rows = apps.get_model("provenance", "Entity").objects.filter(location__startswith=f"{base}/")
    rows.update(location=Concat(Value("site:"), Substr(F("location"), len(base) + 1)))


def absolute(apps, schema_editor) -> None:
    rows = apps.get_model("provenance", "Entity").objects.filter(location__startswith="site:/")
    rows.update(location=Replace(F("location"), Value("site:/"), Value(f"{settings.PUBLIC_URL}/")))


class Migration(migrations.Migration):

    dependencies = [
        ("provenance", "0003_entities_by_location"),
    ]

    operations = [
        migrations.RunPython(relative, absolute),
    ]
