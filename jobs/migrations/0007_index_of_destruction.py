from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("jobs", "0006_index_of_equal_runs")]

    operations = [
        migrations.AddIndex(
            model_name="job",
            index=models.Index(fields=["owner", "destruction", "id", "phase"], name="job_owner_doomed"),
        ),
    ]
