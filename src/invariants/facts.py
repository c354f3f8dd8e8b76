"""What this Worker found out about a database, for the queries that cannot find it out themselves."""

from __future__ import annotations

from database.guards import as_parameter
from database.sampling import sample
from database.suspects import listed
from invariants.catalogue import Invariant
from invariants.spec import CheckSpec
from ports import Database


class Facts:
    """The facts of one check; the columns are sampled once, when they are first asked for."""

    def __init__(self, database: Database, spec: CheckSpec) -> None:
        self._database = database
        self._schema = spec.schema
        self._evidence = spec.evidence
        self._sampled = spec.sampled
        self._asked = spec.how.budget.asked

    async def about(self, invariant: Invariant) -> str:
        """Return what the invariant's query reads as `:facts`: JSON."""
        if invariant.evidence:
            return self._evidence.uncovered() if self._evidence else "[]"
        if invariant.proof not in ("references", "mentions"):
            return as_parameter(self._schema.guards)
        self._sampled = self._sampled or await sample(self._database, self._schema, self._asked)
        return listed(self._sampled.suspects if invariant.proof == "references" else self._sampled.mentions)
