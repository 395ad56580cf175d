"""What projects and the package's own tests need to prove their sync.

factories: organizations, members and rights · device: a client in the same process.
"""

from __future__ import annotations
