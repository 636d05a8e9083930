from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("jobs", "0002_description_states")]

    operations = [
        migrations.AddField(
            model_name="job",
            name="webhook",
            field=models.CharField(blank=True, default="", help_text="called when it is done", max_length=1000),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="job",
            name="webhook_tries",
            field=models.PositiveSmallIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="job",
            name="webhook_due",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddIndex(
            model_name="job",
            index=models.Index(condition=Q(("webhook_due__isnull", False)), fields=["webhook_due"], name="job_webhook"),
        ),
    ]
