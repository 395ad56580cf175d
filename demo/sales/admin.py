"""The office's pages."""

from __future__ import annotations

from django.contrib import admin

from demo.sales.models import Customer, Order, OrderLine, Product, Visit


class LinesInline(admin.TabularInline):
    """The lines of an order."""

    model = OrderLine
    extra = 0


@admin.register(Product)
class ProductAdmin(admin.ModelAdmin):
    """The catalogue."""

    list_display = ["sku", "name", "unit", "price", "is_active"]
    search_fields = ["sku", "name"]


@admin.register(Customer)
class CustomerAdmin(admin.ModelAdmin):
    """The customers of all organizations."""

    list_display = ["name", "town", "organization", "manager", "updated_at"]
    list_filter = ["organization", "manager"]
    search_fields = ["name", "town"]


@admin.register(Order)
class OrderAdmin(admin.ModelAdmin):
    """Orders with their lines."""

    list_display = ["number", "customer", "placed_on", "status"]
    list_filter = ["status", "customer__organization"]
    raw_id_fields = ["customer"]
    inlines = [LinesInline]


@admin.register(Visit)
class VisitAdmin(admin.ModelAdmin):
    """Who called where."""

    list_display = ["starts_at", "customer", "visitor", "minutes"]
    raw_id_fields = ["customer", "previous", "products"]
