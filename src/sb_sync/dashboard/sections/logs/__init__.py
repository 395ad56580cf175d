"""The sync log: what was asked, by whom, and how it went."""
