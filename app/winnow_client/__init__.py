"""A typed client of Winnow's HTTP API: httpx, msgspec and nothing else of ours.

with httpx.Client(base_url="http://127.0.0.1:8080/api/v1") as http:
    winnow = Winnow(Transport(http, token))
    print([queue.name for queue in winnow.queues()])
"""

from app.winnow_client.client import Winnow
from app.winnow_client.transport import ApiError, Transport

__all__ = ["ApiError", "Transport", "Winnow"]
