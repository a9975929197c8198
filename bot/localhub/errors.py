"""The ways a request can be refused, as GitHub words them.

Promises that every refusal carries a status, a message and a documentation address, and never
any part of a credential.
"""

from __future__ import annotations

from typing import Any

DOCUMENTATION = "https://docs.github.com/rest"


class ApiError(Exception):
    """A refusal; `status` is the HTTP status, `body()` GitHub's error object."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        errors: list[Any] | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(f"{status} {message}")
        self.status = status
        self.message = message
        self.errors = errors
        self.headers = headers or {}

    def body(self) -> dict[str, Any]:
        answer: dict[str, Any] = {"message": self.message}
        if self.errors is not None:
            answer["errors"] = self.errors
        answer["documentation_url"] = DOCUMENTATION
        answer["status"] = str(self.status)
        return answer


def not_found() -> ApiError:
    return ApiError(404, "Not Found")


def invalid(resource: str, field: str, code: str = "invalid", message: str = "") -> ApiError:
    """422 in GitHub's validation form; `code` is missing, missing_field, invalid, custom..."""
    detail = {"resource": resource, "field": field, "code": code}
    if message:
        detail["message"] = message
    return ApiError(422, "Validation Failed", errors=[detail])


def refused(message: str) -> ApiError:
    return ApiError(403, message)
