"""Makes the flows of this folder importable, and keeps property tests steady on a busy machine."""

from __future__ import annotations

import sys
from pathlib import Path

from hypothesis import settings

sys.path.insert(0, str(Path(__file__).parent))
settings.register_profile("ivr", deadline=None)
settings.load_profile("ivr")
