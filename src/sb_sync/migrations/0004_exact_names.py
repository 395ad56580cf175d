from django.db import migrations

import sb_sync.models.texts


class Migration(migrations.Migration):
    dependencies = [("sb_sync", "0003_conflicts_and_retries")]

    operations = [
        migrations.AlterField(
            model_name="clientrecord",
            name="client_id",
            field=sb_sync.models.texts.NameField(max_length=64),
        ),
        migrations.AlterField(
            model_name="clientrecord",
            name="object_key",
            field=sb_sync.models.texts.NameField(max_length=255, verbose_name="key"),
        ),
    ]
