"""Numbers to plain sentences: result frames in, sentences out.

One module a topic, mirroring figures. A sentence names the number, its range, what it is compared
with, and says "no clear change" where chance could have done it. None is built on a denominator
under `MIN_N`.
"""

from churnlib.findings.wording import Finding

__all__ = ["Finding"]
