"""HTTP, and nothing else: read the request, ask a pipeline, answer.

body: bytes to JSON under limits · tokens: log-in, rotation, revocation · authentication: who asks ·
throttling: how often one may try · views: the addresses · streaming: an answer as lines · compression: gzip both
ways · exceptions: errors as answers.
"""

from __future__ import annotations
