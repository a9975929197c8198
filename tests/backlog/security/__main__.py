"""Ten security tickets through the whole of Towpath: `python -m tests.backlog.security`."""

from __future__ import annotations

import sys

from tests.backlog.security.whole import main

sys.exit(main())
