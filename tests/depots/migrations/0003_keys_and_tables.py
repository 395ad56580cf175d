from __future__ import annotations

from django.db import migrations, models


def write(apps, schema_editor):
    Box = apps.get_model("depots", "Box")
    for box in Box.objects.all():
        box.label = box.label + "!"
        box.save()


class Migration(migrations.Migration):
    dependencies = [("depots", "0002_all_that_migrations_do")]
    operations = [
        migrations.RenameField("Depot", "number", "code"),
        migrations.AlterField("Depot", "code", models.CharField(max_length=40, primary_key=True, serialize=False)),
        migrations.AlterModelTable("Depot", "depots_warehouse"),
        migrations.RenameModel("Crate", "Box"),
        migrations.RunPython(write, migrations.RunPython.noop),
        migrations.RenameField("Box", "depot", "store"),
    ]
