"""The tests of sb_sync."""
