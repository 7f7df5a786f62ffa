"""`python -m core.cli`: the same as `hitscope`."""

import sys

from core.cli import main

sys.exit(main())
