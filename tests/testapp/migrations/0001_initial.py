import uuid
from decimal import Decimal

import django.core.validators
import django.db.models.deletion
import simple_history.models
from django.conf import settings
from django.db import migrations, models

from tests.testapp.models import check_constraint


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("sb_sync", "0001_initial"),
        ("sites", "0002_alter_domain_unique"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Customer",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("name", models.CharField(max_length=100)),
                ("email", models.EmailField(blank=True, max_length=254)),
                ("age", models.PositiveIntegerField(blank=True, null=True)),
                (
                    "department",
                    models.CharField(
                        blank=True,
                        choices=[("SALES", "Sales"), ("CARDIOLOGY", "Cardiology"), ("SUPPORT", "Support")],
                        max_length=20,
                    ),
                ),
                ("updated_at", models.DateTimeField(auto_now=True)),
                (
                    "assigned_manager",
                    models.ForeignKey(
                        blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "organization",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="sb_sync.organization"),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Member",
            fields=[
                ("id", models.AutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=40)),
            ],
        ),
        migrations.CreateModel(
            name="Place",
            fields=[
                ("id", models.AutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=40)),
                (
                    "organization",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="sb_sync.organization"),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Product",
            fields=[
                ("id", models.AutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("sku", models.CharField(max_length=20, unique=True)),
                ("name", models.CharField(max_length=80)),
                ("price", models.DecimalField(decimal_places=2, default=Decimal(0), max_digits=10)),
            ],
        ),
        migrations.CreateModel(
            name="Badge",
            fields=[
                (
                    "customer",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        serialize=False,
                        to="testapp.customer",
                    ),
                ),
                ("code", models.CharField(max_length=20)),
            ],
        ),
        migrations.CreateModel(
            name="Chapter",
            fields=[
                ("id", models.AutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("title", models.CharField(max_length=40)),
                (
                    "organization",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="sb_sync.organization"),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Contract",
            fields=[
                ("id", models.AutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "buyer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="sb_sync.organization"
                    ),
                ),
                (
                    "customer",
                    models.ForeignKey(
                        blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, to="testapp.customer"
                    ),
                ),
                (
                    "seller",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="sb_sync.organization"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="HistoricalChapter",
            fields=[
                ("id", models.IntegerField(auto_created=True, blank=True, db_index=True, verbose_name="ID")),
                ("title", models.CharField(max_length=40)),
                ("history_id", models.AutoField(primary_key=True, serialize=False)),
                ("history_date", models.DateTimeField(db_index=True)),
                ("history_change_reason", models.CharField(max_length=100, null=True)),
                (
                    "history_type",
                    models.CharField(choices=[("+", "Created"), ("~", "Changed"), ("-", "Deleted")], max_length=1),
                ),
                (
                    "history_user",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "organization",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="sb_sync.organization",
                    ),
                ),
            ],
            options={
                "verbose_name": "historical chapter",
                "verbose_name_plural": "historical chapters",
                "ordering": ("-history_date", "-history_id"),
                "get_latest_by": ("history_date", "history_id"),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="Order",
            fields=[
                ("id", models.AutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.CharField(max_length=20)),
                ("placed_on", models.DateField(blank=True, null=True)),
                (
                    "customer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="orders", to="testapp.customer"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Restaurant",
            fields=[
                (
                    "place_ptr",
                    models.OneToOneField(
                        auto_created=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        parent_link=True,
                        primary_key=True,
                        serialize=False,
                        to="testapp.place",
                    ),
                ),
                ("stars", models.IntegerField(default=0)),
            ],
            bases=("testapp.place",),
        ),
        migrations.CreateModel(
            name="OrderLine",
            fields=[
                ("id", models.AutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("quantity", models.IntegerField(default=1, validators=[django.core.validators.MinValueValidator(1)])),
                (
                    "order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="lines", to="testapp.order"
                    ),
                ),
                ("product", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="testapp.product")),
            ],
        ),
        migrations.CreateModel(
            name="Region",
            fields=[
                ("id", models.AutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=40)),
                ("site", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="sites.site")),
            ],
        ),
        migrations.AddField(
            model_name="customer",
            name="region",
            field=models.ForeignKey(
                blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, to="testapp.region"
            ),
        ),
        migrations.CreateModel(
            name="Shelf",
            fields=[
                ("number", models.IntegerField(primary_key=True, serialize=False)),
                ("title", models.CharField(blank=True, max_length=40)),
                (
                    "organization",
                    models.ForeignKey(
                        blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, to="sb_sync.organization"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Specimen",
            fields=[
                ("id", models.AutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("big", models.BigIntegerField(blank=True, null=True)),
                ("small", models.SmallIntegerField(blank=True, null=True)),
                ("positive", models.PositiveBigIntegerField(blank=True, null=True)),
                ("flag", models.BooleanField(default=False)),
                ("maybe", models.BooleanField(blank=True, null=True)),
                ("text", models.TextField(blank=True)),
                ("short", models.CharField(blank=True, max_length=10)),
                ("slug", models.SlugField(blank=True)),
                ("url", models.URLField(blank=True)),
                ("amount", models.DecimalField(blank=True, decimal_places=3, max_digits=12, null=True)),
                ("ratio", models.FloatField(blank=True, null=True)),
                ("day", models.DateField(blank=True, null=True)),
                ("clock", models.TimeField(blank=True, null=True)),
                ("moment", models.DateTimeField(blank=True, null=True)),
                ("span", models.DurationField(blank=True, null=True)),
                ("blob", models.BinaryField(blank=True, editable=True, null=True)),
                ("document", models.JSONField(blank=True, null=True)),
                ("token", models.UUIDField(blank=True, null=True)),
                ("address", models.GenericIPAddressField(blank=True, null=True)),
                ("attachment", models.FileField(blank=True, upload_to="attachments")),
                ("path", models.FilePathField(blank=True, path="/")),
                (
                    "organization",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="sb_sync.organization"),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Stamped",
            fields=[
                ("id", models.AutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("title", models.CharField(max_length=40)),
                ("slug", models.CharField(blank=True, editable=False, max_length=40)),
                (
                    "organization",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="sb_sync.organization"),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Tag",
            fields=[
                ("slug", models.CharField(max_length=30, primary_key=True, serialize=False)),
                (
                    "organization",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="sb_sync.organization"),
                ),
            ],
        ),
        migrations.AddField(
            model_name="customer",
            name="tags",
            field=models.ManyToManyField(blank=True, to="testapp.tag"),
        ),
        migrations.CreateModel(
            name="Team",
            fields=[
                ("id", models.AutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=40, unique=True)),
                (
                    "lead",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="leads",
                        to="testapp.member",
                    ),
                ),
                (
                    "organization",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="sb_sync.organization"),
                ),
            ],
        ),
        migrations.AddField(
            model_name="member",
            name="team",
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="testapp.team"),
        ),
        migrations.CreateModel(
            name="Visit",
            fields=[
                ("id", models.AutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("note", models.TextField(blank=True)),
                (
                    "customer",
                    models.ForeignKey(
                        blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, to="testapp.customer"
                    ),
                ),
                (
                    "organization",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="sb_sync.organization"),
                ),
                (
                    "previous",
                    models.ForeignKey(
                        blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, to="testapp.visit"
                    ),
                ),
                ("products", models.ManyToManyField(blank=True, to="testapp.product")),
            ],
        ),
        migrations.AddConstraint(
            model_name="order",
            constraint=models.UniqueConstraint(fields=("customer", "number"), name="testapp_order_number"),
        ),
        migrations.AddConstraint(
            model_name="orderline",
            constraint=check_constraint("testapp_line_limit", models.Q(("quantity__lt", 1000000))),
        ),
        migrations.AddConstraint(
            model_name="customer",
            constraint=models.UniqueConstraint(
                condition=models.Q(("email", ""), _negated=True),
                fields=("organization", "email"),
                name="testapp_customer_email",
            ),
        ),
    ]
