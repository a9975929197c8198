"""GitHub's JSON shapes of the server's records. Pure functions of a record and the addresses."""
