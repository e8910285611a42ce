"""What can be wrong with an input, said so that the reader can mend it."""


class ChurnlibError(Exception):
    """Any problem that the user can mend: the message says what, where and how. Exit code 2."""


class ParamsError(ChurnlibError):
    """A parameter file that cannot be used: names file, key, value and what would be right."""


class DataError(ChurnlibError):
    """Input data that cannot be used: names file, column, row and value, as far as they are known."""
