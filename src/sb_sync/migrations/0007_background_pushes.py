import uuid

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import sb_sync.models.documents


class Migration(migrations.Migration):
    dependencies = [
        ("sb_sync", "0006_rolled_up_metrics"),
        ("sites", "0002_alter_domain_unique"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="SyncJob",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("queued", "queued"),
                            ("running", "running"),
                            ("done", "done"),
                            ("failed", "failed"),
                            ("cancelled", "cancelled"),
                        ],
                        default="queued",
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                ("is_atomic", models.BooleanField(default=False, verbose_name="all or nothing")),
                ("is_cancelled", models.BooleanField(default=False, verbose_name="to be cancelled")),
                ("record_count", models.PositiveIntegerField(verbose_name="records")),
                ("done_count", models.PositiveIntegerField(default=0, verbose_name="records done")),
                ("is_parted", models.BooleanField(default=False)),
                ("body", sb_sync.models.documents.DocumentField(blank=True, null=True)),
                ("answer", sb_sync.models.documents.DocumentField(blank=True, null=True, verbose_name="answer")),
                ("rules", sb_sync.models.documents.DocumentField(blank=True, null=True)),
                ("code", models.CharField(blank=True, max_length=40, verbose_name="error code")),
                ("detail", models.TextField(blank=True, verbose_name="error")),
                ("worker", models.CharField(blank=True, max_length=64, verbose_name="worker")),
                ("attempts", models.PositiveSmallIntegerField(default=0, verbose_name="attempts")),
                (
                    "due_at",
                    models.DateTimeField(blank=True, default=django.utils.timezone.now, null=True, verbose_name="due"),
                ),
                ("seconds", models.FloatField(default=0.0, verbose_name="seconds")),
                ("language", models.CharField(blank=True, max_length=20)),
                ("request_id", models.CharField(blank=True, max_length=64, verbose_name="request id")),
                ("ip", models.CharField(blank=True, max_length=64)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="created")),
                ("started_at", models.DateTimeField(blank=True, null=True, verbose_name="started")),
                ("finished_at", models.DateTimeField(blank=True, null=True, verbose_name="ended")),
                (
                    "site",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="sites.site",
                        verbose_name="organization",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="sync_jobs",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "background push",
                "verbose_name_plural": "background pushes",
                "indexes": [
                    models.Index(fields=["due_at"], name="sb_sync_job_due"),
                    models.Index(fields=["finished_at"], name="sb_sync_job_finished"),
                    models.Index(fields=["user", "state"], name="sb_sync_job_user"),
                ],
            },
        ),
        migrations.CreateModel(
            name="SyncJobChunk",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveIntegerField(verbose_name="number")),
                ("record_count", models.PositiveIntegerField(verbose_name="records")),
                ("records", sb_sync.models.documents.DocumentField(blank=True, null=True)),
                ("results", sb_sync.models.documents.DocumentField(blank=True, null=True)),
                (
                    "job",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="chunks",
                        to="sb_sync.syncjob",
                    ),
                ),
            ],
            options={
                "verbose_name": "chunk of a background push",
                "verbose_name_plural": "chunks of background pushes",
                "constraints": [models.UniqueConstraint(fields=("job", "number"), name="sb_sync_one_chunk")],
            },
        ),
    ]
