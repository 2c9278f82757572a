"""The one exception that is a user's mistake, not ours."""


class BridgeError(Exception):
    """A mistake the user can mend. Its text is shown as it is: in /ear/fail, or on the terminal.

    code: as in HTTP. 400 malformed, 403 not allowed, 404 no such thing, 409 not now, 413 too large,
    422 out of domain, 429 too many, 500 our fault, 503 worker down.
    """

    def __init__(self, message: str, code: int = 422) -> None:
        super().__init__(message)
        self.code = code
