"""The seven lanes: what a repository's backlog goes through without a person (B6, [P]).

    intake → refine → rank → dispatch → verify → publish → reconcile

Promises: a lane of a repository never runs twice at once; a run that died is taken over where it
got to; every run leaves an artefact in the journal; the same inputs lead to the same decisions.
"""

NAMES = ("intake", "refine", "rank", "dispatch", "verify", "publish", "reconcile")
