"""What is known of how things are done is known to whoever may know of a thing that was done so."""

import django.db.models.deletion
from django.db import migrations, models

SERVED = (
    ("ActivityDescription", "Activity"),
    ("EntityDescription", "Entity"),
    ("UsageDescription", "Used"),
    ("GenerationDescription", "WasGeneratedBy"),
    ("ParameterDescription", "Parameter"),
    ("ConfigFileDescription", "ConfigFile"),
)


def govern(apps, schema_editor) -> None:
    """An open record prevails; a description that serves none stays with the staff."""
    opened = set(
        apps.get_model("access", "Policy")
        .objects.filter(models.Q(metadata="public") | models.Q(rights="public"))
        .values_list("pk", flat=True)
    )
    for name, served in SERVED:
        description = apps.get_model("provenance", name)
        rows = apps.get_model("provenance", served).objects.exclude(description=None).exclude(policy=None)
        found: dict[str, list[int]] = {}
        for key, policy in rows.order_by().values_list("description", "policy").distinct():
            found.setdefault(key, []).append(policy)
        for key, policies in found.items():
            answer = min([pk for pk in policies if pk in opened] or policies)
            description.objects.filter(pk=key).update(policy_id=answer)


class Migration(migrations.Migration):

    dependencies = [
        ('access', '0003_requests_invitations'),
        ('provenance', '0001_initial'),
    ]

    operations = [
        migrations.AddField(
            model_name='activitydescription',
            name='policy',
            field=models.ForeignKey(blank=True, db_index=False, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='access.policy'),
        ),
        migrations.AddField(
            model_name='configfiledescription',
            name='policy',
            field=models.ForeignKey(blank=True, db_index=False, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='access.policy'),
        ),
        migrations.AddField(
            model_name='entitydescription',
            name='policy',
            field=models.ForeignKey(blank=True, db_index=False, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='access.policy'),
        ),
        migrations.AddField(
            model_name='generationdescription',
            name='policy',
            field=models.ForeignKey(blank=True, db_index=False, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='access.policy'),
        ),
        migrations.AddField(
            model_name='parameterdescription',
            name='policy',
            field=models.ForeignKey(blank=True, db_index=False, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='access.policy'),
        ),
        migrations.AddField(
            model_name='usagedescription',
            name='policy',
            field=models.ForeignKey(blank=True, db_index=False, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='access.policy'),
        ),
        migrations.RunPython(govern, migrations.RunPython.noop),
    ]
