"""What ecglab says when it cannot go on: one line with what, where and what to do."""


class EcglabError(Exception):
    """Bad input or state. The message is one line, fit to be shown to the person as it is."""


class RecordError(EcglabError):
    """A recording that cannot be read or judged; others beside it still can."""
