from __future__ import annotations

from django.db import migrations, models


def write(apps, schema_editor):
    """Write in the middle of it, as data migrations do."""
    Depot = apps.get_model("depots", "Depot")
    Crate = apps.get_model("depots", "Crate")
    for depot in Depot.objects.all():
        Crate.objects.create(depot=depot, label="made by a migration")
    Depot.objects.update(name="named by a migration")


class Migration(migrations.Migration):
    dependencies = [("depots", "0001_initial")]
    operations = [
        migrations.AddField("Depot", "floors", models.IntegerField(default=1)),
        migrations.AlterField("Depot", "name", models.TextField()),
        migrations.RenameField("Depot", "organization", "owner"),
        migrations.RunPython(write, migrations.RunPython.noop),
        migrations.RenameField("Depot", "name", "title"),
        migrations.RemoveField("Depot", "old"),
    ]
