import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("sb_sync", "0001_initial"),
        ("testapp", "0002_shapes_of_references"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Shipment",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("number", models.CharField(max_length=20)),
                ("seal", models.CharField(max_length=20)),
                (
                    "customer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="testapp.customer"
                    ),
                ),
                (
                    "driver",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "organization",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="sb_sync.organization"),
                ),
                (
                    "region",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="testapp.region"
                    ),
                ),
                ("tags", models.ManyToManyField(blank=True, related_name="+", to="testapp.tag")),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("organization", "number"), name="testapp_shipment_number"),
                    models.UniqueConstraint(fields=("customer", "seal"), name="testapp_shipment_seal"),
                ],
            },
        ),
    ]
