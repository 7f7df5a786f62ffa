"""`python -m desktop`: the same as `hitscope-window`."""

import sys

from desktop.app import main

sys.exit(main())
