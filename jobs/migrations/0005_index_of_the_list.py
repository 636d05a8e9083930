from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("jobs", "0004_built_in_descriptions")]

    operations = [
        migrations.RemoveIndex(model_name="job", name="job_owner_created"),
        migrations.AddIndex(
            model_name="job",
            index=models.Index(fields=["owner", "-created", "id", "phase"], name="job_owner_list"),
        ),
    ]
