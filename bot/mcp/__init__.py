"""The backlog and the stories as a server of the Model Context Protocol (W14).

Promises: acts as one person, with what GitHub lets that person do at that moment, by the same
facts, effects and policies as a comment of theirs; what strangers wrote is marked as such. Never:
prints anything but the protocol to stdout.
"""
