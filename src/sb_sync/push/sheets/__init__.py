"""The short way of a push: records that are a sheet go through the same steps column by column, all or none of them.

Whatever is not plainly right there is left to the long way, record by record, as if nothing had happened.
"""

from __future__ import annotations

from sb_sync.push.sheets.run import push_sheet

__all__ = ["push_sheet"]
