"""`python -m ecglab`: the command without its script."""

import sys

from ecglab.cli.main import main

sys.exit(main())
