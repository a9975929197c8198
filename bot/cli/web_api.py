"""The REST API of the web process, put together.

Promises: imports all rooms, so it is imported when somebody first asks for the API.
"""

from __future__ import annotations

from flask import Flask

from bot.door.api.app import create_api
from bot.door.api.rooms import Rooms
from bot.settings import Settings
from bot.wiring import House
from handlers.for_api import ForApi


def api_of(house: House) -> Flask:
    """The API on a house."""
    office = house.office
    return create_api(
        Rooms(house.settings, house.redis, house.journal, office, ForApi(office), house.clock)
    )


def api(settings: Settings) -> Flask:
    """The API of a process of its own."""
    return api_of(House(settings))
