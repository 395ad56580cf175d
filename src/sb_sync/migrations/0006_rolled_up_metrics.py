import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("sites", "0002_alter_domain_unique"),
        ("sb_sync", "0005_configuration"),
    ]

    operations = [
        migrations.CreateModel(
            name="MetricRollup",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("hour", models.DateTimeField(verbose_name="hour")),
                ("operation_type", models.CharField(max_length=40, verbose_name="operation")),
                ("model_name", models.CharField(blank=True, max_length=200, verbose_name="model")),
                ("bucket", models.SmallIntegerField(verbose_name="bucket of times")),
                ("operations", models.BigIntegerField(default=0, verbose_name="operations")),
                ("seconds", models.FloatField(default=0.0, verbose_name="seconds")),
                ("records", models.BigIntegerField(default=0, verbose_name="records")),
                ("queries", models.BigIntegerField(default=0, verbose_name="queries")),
                ("memory", models.FloatField(default=0.0, verbose_name="memory, MiB")),
                (
                    "site",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="sites.site",
                        verbose_name="organization",
                    ),
                ),
            ],
            options={
                "verbose_name": "rolled up measurement",
                "verbose_name_plural": "rolled up measurements",
                "ordering": ["-hour", "-id"],
            },
        ),
        migrations.AddIndex(
            model_name="metricrollup",
            index=models.Index(fields=["hour"], name="sb_sync_rollup_hour"),
        ),
        migrations.AddConstraint(
            model_name="metricrollup",
            constraint=models.UniqueConstraint(
                fields=("site", "hour", "operation_type", "model_name", "bucket"), name="sb_sync_one_rollup"
            ),
        ),
        migrations.AddField(
            model_name="performancemetrics",
            name="rolled_up_at",
            field=models.DateTimeField(blank=True, editable=False, null=True, verbose_name="rolled up"),
        ),
        migrations.AddIndex(
            model_name="performancemetrics",
            index=models.Index(fields=["rolled_up_at", "site", "id"], name="sb_sync_metric_rollup"),
        ),
    ]
