from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True
    dependencies = [("sb_sync", "0001_initial")]
    operations = [
        migrations.CreateModel(
            "Depot",
            [
                ("number", models.CharField(max_length=20, primary_key=True, serialize=False)),
                (
                    "organization",
                    models.ForeignKey("sb_sync.Organization", on_delete=django.db.models.deletion.CASCADE),
                ),
                ("name", models.CharField(max_length=40)),
                ("old", models.CharField(max_length=40, default="")),
            ],
        ),
        migrations.CreateModel(
            "Crate",
            [
                ("id", models.AutoField(primary_key=True)),
                ("depot", models.ForeignKey("depots.Depot", on_delete=django.db.models.deletion.CASCADE)),
                ("label", models.CharField(max_length=40)),
                ("friends", models.ManyToManyField("self", blank=True)),
            ],
        ),
    ]
