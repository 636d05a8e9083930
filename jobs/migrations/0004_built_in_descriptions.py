from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("jobs", "0003_webhook")]

    operations = [
        migrations.AlterField(
            model_name="jobdescription",
            name="state",
            field=models.CharField(
                choices=[
                    ("draft", "Draft"),
                    ("proposed", "Proposed"),
                    ("published", "Published"),
                    ("superseded", "Superseded"),
                    ("withdrawn", "Withdrawn"),
                    ("built in", "Built in"),
                ],
                default="draft",
                max_length=10,
            ),
        ),
    ]
