"""What changed, for one user: from a body to an answer.

request: what is asked · plan: where each model stands and which pass it is in · read: the records of one model ·
page: as many records as one answer holds · traces: what must be written before it leaves · answer: what the client is
told · pipeline: the order of these steps · stream: page after page of them.
"""

from __future__ import annotations

from sb_sync.pull.answer import PullAnswer
from sb_sync.pull.pipeline import run
from sb_sync.pull.stream import run_stream

__all__ = ["PullAnswer", "run", "run_stream"]
