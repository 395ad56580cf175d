import uuid

import django.contrib.auth.models
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
        ("sb_sync", "0001_initial"),
        ("testapp", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Courier",
            fields=[
                (
                    "user_ptr",
                    models.OneToOneField(
                        auto_created=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        parent_link=True,
                        primary_key=True,
                        serialize=False,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "user",
                "verbose_name_plural": "users",
                "abstract": False,
            },
            bases=("auth.user",),
            managers=[
                ("objects", django.contrib.auth.models.UserManager()),
            ],
        ),
        migrations.CreateModel(
            name="Engine",
            fields=[
                ("engine_id", models.AutoField(primary_key=True, serialize=False)),
                ("power", models.IntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name="Crate",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "organization",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="sb_sync.organization"),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Delivery",
            fields=[
                ("id", models.AutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "driver",
                    models.ForeignKey(
                        blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, to="testapp.courier"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="FoodTruck",
            fields=[
                (
                    "engine_ptr",
                    models.OneToOneField(
                        auto_created=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        parent_link=True,
                        to="testapp.engine",
                    ),
                ),
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
                ("plate", models.CharField(max_length=10)),
            ],
            bases=("testapp.place", "testapp.engine"),
        ),
        migrations.CreateModel(
            name="Fair",
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
            name="Folder",
            fields=[
                ("id", models.AutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(blank=True, max_length=40)),
                (
                    "organization",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="sb_sync.organization"),
                ),
                (
                    "parent",
                    models.ForeignKey(
                        blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, to="testapp.folder"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Gauge",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("name", models.CharField(max_length=40)),
                (
                    "organization",
                    models.ForeignKey(
                        db_constraint=False, on_delete=django.db.models.deletion.CASCADE, to="sb_sync.organization"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Key",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "organization",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="sb_sync.organization"),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Label",
            fields=[
                ("slug", models.CharField(max_length=30, primary_key=True, serialize=False)),
                (
                    "organization",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="sb_sync.organization"),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Lock",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "key",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="testapp.key"),
                ),
                (
                    "organization",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="sb_sync.organization"),
                ),
            ],
        ),
        migrations.AddField(
            model_name="key",
            name="lock",
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="testapp.lock"),
        ),
        migrations.CreateModel(
            name="Remark",
            fields=[
                ("id", models.AutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("object_id", models.PositiveIntegerField()),
                ("text", models.CharField(max_length=40)),
                (
                    "content_type",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="contenttypes.contenttype"),
                ),
                (
                    "organization",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="sb_sync.organization"),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Seal",
            fields=[
                ("id", models.AutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "loose",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="testapp.delivery",
                    ),
                ),
                (
                    "organization",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="sb_sync.organization"),
                ),
                (
                    "strict",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="testapp.delivery",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Service",
            fields=[
                ("id", models.AutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("engine", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="testapp.engine")),
                (
                    "organization",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="sb_sync.organization"),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Supplier",
            fields=[
                ("id", models.AutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.CharField(max_length=10, unique=True)),
                ("is_open", models.BooleanField(default=True)),
                (
                    "organization",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="sb_sync.organization"),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Stand",
            fields=[
                ("id", models.AutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("place", models.CharField(max_length=10)),
                ("fair", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="testapp.fair")),
                ("supplier", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="testapp.supplier")),
            ],
        ),
        migrations.AddField(
            model_name="fair",
            name="suppliers",
            field=models.ManyToManyField(blank=True, through="testapp.Stand", to="testapp.supplier"),
        ),
        migrations.AddField(
            model_name="delivery",
            name="carrier",
            field=models.ForeignKey(
                blank=True,
                limit_choices_to={"is_open": True},
                null=True,
                on_delete=django.db.models.deletion.RESTRICT,
                related_name="carried",
                to="testapp.supplier",
            ),
        ),
        migrations.AddField(
            model_name="delivery",
            name="supplier",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="deliveries",
                to="testapp.supplier",
                to_field="code",
            ),
        ),
        migrations.AddField(
            model_name="courier",
            name="home",
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="testapp.supplier"),
        ),
    ]
