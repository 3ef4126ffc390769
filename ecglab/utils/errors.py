"""The errors of ecglab. The message is one line: what is wrong, where, and what to do."""


class EcglabError(Exception):
    """An error that the user can act on. Its message is one line: what, where and what to do."""


class RecordError(EcglabError):
    """A recording that cannot be read or classified. Other recordings are not affected."""
