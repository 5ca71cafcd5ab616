"""When things happen: the Prefect flow, its settings, and the command line."""

import os

# numpy reads it once, when it is imported. To make huge pages of a memory in pieces takes the kernel longer than they save.
os.environ.setdefault("NUMPY_MADVISE_HUGEPAGE", "0")
