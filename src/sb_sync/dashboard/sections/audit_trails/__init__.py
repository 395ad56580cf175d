"""The audit trails: who changed what of the sync tables, field by field."""
