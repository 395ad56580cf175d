from __future__ import annotations

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from benchmarks.project.many.names import name_of


def _fields():
    return [
        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
        ("name", models.CharField(max_length=80)),
        ("amount", models.IntegerField(default=0)),
        (
            "organization",
            models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="sb_sync.organization"),
        ),
    ]


class Migration(migrations.Migration):
    initial = True
    dependencies = [("sb_sync", "0001_initial")]
    operations = [migrations.CreateModel(name=name_of(number), fields=_fields()) for number in range(settings.MODELS)]
