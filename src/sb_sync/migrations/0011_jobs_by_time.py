from django.db import migrations, models


class Migration(migrations.Migration):
    """Let the list of background pushes be read in its order."""

    dependencies = [
        ("sb_sync", "0010_outcome_of_requests"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="syncjob",
            index=models.Index(fields=["created_at", "id"], name="sb_sync_job_time"),
        ),
        migrations.AddIndex(
            model_name="syncjob",
            index=models.Index(fields=["site", "created_at", "id"], name="sb_sync_job_site"),
        ),
    ]
