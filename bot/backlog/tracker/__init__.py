"""The backlog and its tracker in step (B7, B8).

`reading` takes tickets in; `claim` makes our work visible before it begins; `look_after` shows what
became of it and follows what people did to the tickets; `ledger` is what we know that we did.
"""
