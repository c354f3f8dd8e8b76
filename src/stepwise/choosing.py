"""Which saga a call has queries for."""

from __future__ import annotations

from database.schema import Schema
from limits import FEW
from recovery.call import Call
from recovery.saga import Saga
from stepwise.saga import StepwiseSaga


def saga_for(call: Call, schema: Schema) -> Saga:
    """Return the saga of a call; a dry one takes all steps at once, as far as its queries go."""
    return StepwiseSaga(call, schema) if call.live and call.run.queries < FEW else Saga(call, schema)
