"""The settings and the platform of an event that nobody waits for: where they are malformed, the log says so."""

from __future__ import annotations

import log
from bindings.clock import SystemClock
from bindings.connect import WorkerEnvironment
from errors import ConfigError
from ports import Ports
from profiles.overview import Connect
from settings import Settings


def configured(refused: str) -> tuple[Settings, Connect]:
    """Return the settings, and what connects those of a profile to its platform.

    Both raise ConfigError where something is malformed or missing, after a log line `refused`.
    """
    environment = WorkerEnvironment()

    def connect(settings: Settings) -> Ports:
        try:
            return environment.ports(settings)
        except ConfigError as error:
            raise _logged(refused, error) from error

    try:
        return environment.settings(), connect
    except ConfigError as error:
        raise _logged(refused, error) from error


def _logged(refused: str, error: ConfigError) -> ConfigError:
    log.write(SystemClock().now(), "error", refused, setting=error.name, error=error.sentence())
    return error
