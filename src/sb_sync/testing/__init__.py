"""What projects and the package's own tests need to prove their sync.

factories: organizations, members and rights · device: a client in the same process · mirror: the smallest client of a
feed · conformance: what a feed's backend must do · transactions: pipelines inside tests that roll back.
"""

from __future__ import annotations
