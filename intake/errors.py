"""The one tree of errors that a person can cause or cure.

Every message is one clear line that says what to do. None may carry anything about a requester:
these texts reach terminals and logs.
"""


class PosternError(Exception):
    """The message is meant for the person at the terminal, as it stands."""


class SettingsError(PosternError):
    """A setting cannot be used; the service must not start."""


class DataFileError(PosternError):
    """A file of data cannot be used. `problems` holds one line for each fault."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class QuestionnaireError(DataFileError):
    """It is a questionnaire's, or belongs to one."""


class CannedRepliesError(DataFileError):
    """It is one of prepared replies."""


class SealingError(PosternError):
    """Something sealed could not be opened, or is not what it says it is."""


class WrongKey(SealingError):
    """The key is sound, but it does not open this."""


class Tampered(SealingError):
    """The bytes were changed, swapped, replayed or cut after they were sealed."""


class KeyFileError(SealingError):
    """A key file is missing, truncated, damaged or of another kind."""


class WrongPassphrase(SealingError):
    """The key file is sound; the passphrase is not the one."""


class DatabaseAway(PosternError):
    """The database can't be reached or takes nothing just now: nothing was done, and it may be tried again later."""
