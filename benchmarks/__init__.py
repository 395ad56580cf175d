"""How fast sb_sync is, beside what the database can do at best and beside what people write today.

`./dev bench` runs it. Nothing here is installed with the package, and no result fails a build.
"""
