from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("sb_sync", "0008_histories"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="organization",
            options={
                "ordering": ["slug"],
                "permissions": [
                    ("view_staff_pages", "Can see the staff pages"),
                    ("change_permission_matrix", "Can change the permission matrix and row filters"),
                    ("change_sync_settings", "Can change model discovery and settings"),
                    ("export_staff_pages", "Can export what the staff pages show"),
                    ("view_audit_trails", "Can see the audit trails"),
                ],
                "verbose_name": "organization",
                "verbose_name_plural": "organizations",
            },
        ),
    ]
