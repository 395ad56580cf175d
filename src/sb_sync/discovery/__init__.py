"""Which models are in, and why.

hazards: what no setting lets in · rules: the keys of MODEL_DISCOVERY · examination: what the database knows ·
decisions: all of it, model by model.
"""

from __future__ import annotations

from sb_sync.discovery.decisions import Decision, discover
from sb_sync.discovery.examination import examine
from sb_sync.discovery.hazards import find_hazard, find_key_fault
from sb_sync.discovery.rules import Verdict

__all__ = ["Decision", "Verdict", "discover", "examine", "find_hazard", "find_key_fault"]
