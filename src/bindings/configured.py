"""The platform and the settings of an event that nobody waits for: where they are malformed, the log says so."""

from __future__ import annotations

import log
from bindings.clock import SystemClock
from bindings.connect import WorkerEnvironment
from errors import ConfigError
from ports import Ports
from settings import Settings


def configured(refused: str) -> tuple[Ports, Settings]:
    """Return the platform and the settings; raises ConfigError where they are malformed, after a log line `refused`."""
    environment = WorkerEnvironment()
    try:
        settings = environment.settings()
        return environment.ports(settings), settings
    except ConfigError as error:
        log.write(SystemClock().now(), "error", refused, setting=error.name, error=error.sentence())
        raise
