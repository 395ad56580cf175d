from django.db import migrations

import sb_sync.models.documents


class Migration(migrations.Migration):
    """Add a column that may be NULL: no database rewrites its rows for one, however many there are."""

    dependencies = [
        ("sb_sync", "0009_staff_permissions"),
    ]

    operations = [
        migrations.AddField(
            model_name="synclog",
            name="outcome",
            field=sb_sync.models.documents.DocumentField(blank=True, editable=False, null=True, verbose_name="outcome"),
        ),
    ]
