# What the job script and this stand-in need of the requests package: the name of what goes wrong on the way to a server.


class RequestException(IOError):
    """Raised when the server did not answer at all."""
