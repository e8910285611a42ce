"""Numbers to plain sentences: `say_x(result) -> Finding`, one module a topic, mirroring figures.

A sentence names the number, its range and what it is compared with, and says "no clear change"
where chance could have done it. None is built on a denominator under 30. A finding carries its
verdict, its place in the first page's story, and the key figures and actions that the same result
gives.
"""
