"""The addresses: read, resolve who and where, ask a pipeline, answer.

base: what all have in common · sessions: log-in and out · sync: push and pull · models: what may be synchronised ·
description: the API itself, for programs and people.
"""

from __future__ import annotations
