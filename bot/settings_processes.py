"""What an operator can set for the processes; a part of `bot.settings.Settings` (X1, X2)."""

from __future__ import annotations

from pydantic import Field
from pydantic_settings import BaseSettings


class ProcessSettings(BaseSettings):
    """Where the web process listens, and how often the clock ticks and leases are renewed."""

    # the web process
    bind_host: str = Field("127.0.0.1", description="Address the web process listens on.")
    bind_port: int = Field(8080, ge=1, le=65535, description="Port the web process listens on.")
    web_threads: int = Field(
        32,
        ge=1,
        le=512,
        description="Requests the web process works on at once; one whose body arrives slowly "
        "counts too.",
    )

    # the clock and the leases
    sweep_seconds: int = Field(10, ge=1, le=3600, description="Seconds between two sweeps.")
    catch_up_seconds: int = Field(
        60, ge=1, le=3600, description="Seconds between two looks at GitHub for what was missed."
    )
    lease_seconds: int = Field(
        30, ge=3, le=600, description="Seconds without a heartbeat before a story is taken over."
    )
    heartbeat_seconds: int = Field(
        10, ge=1, le=200, description="Seconds between two heartbeats of a running story."
    )
