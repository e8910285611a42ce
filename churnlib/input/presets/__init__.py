"""The exports of billing systems and shops, read without mapping a column: one file a system."""
