"""A runnable project: the field sales of two organizations, kept in step by sb_sync.

`python demo/manage.py` is the project's own command line; `python -m demo` plays a story on it and serves it.
"""
