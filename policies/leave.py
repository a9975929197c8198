"""Who gave leave to begin a story (B7, W7): a person, the operator, or the configuration.

Promises: pure; nothing begins by itself where the configuration does not say so, and even then
nothing that somebody wrote who could not have begun it: an issue is anybody's words. A person needs
on GitHub what it takes to put the label on. The operator's command line names no single item, so
the same holds for it; neither of the two can name somebody else than Towpath itself as who asked.
"""

from __future__ import annotations

from bot.story.vocabulary import Person, Verdict, deny
from policies import who_commands

PERSON, OPERATOR, AUTOSTART = "person", "operator", "autostart"


def decide(
    leave: str,
    requester: Person,
    asker: who_commands.CommandFacts | None,
    bot: Person | None,
    autostart: bool,
) -> Verdict | None:
    """None: it may be begun. `asker`: what GitHub says of who asks or, where no person does, of who
    wrote the issue (None: we did, or there is none). `bot`: our own account.
    """
    if leave == PERSON:
        if asker is None or asker.command != who_commands.START or asker.person != requester:
            return deny("asker_known", "who asks for the story is not known")
        verdict = who_commands.decide(asker)
        return None if verdict.allowed else verdict
    if leave not in (OPERATOR, AUTOSTART):
        return deny("leave", f"{leave!r} is no leave to begin a story")
    if bot is None or requester != bot:
        return deny("own_name", "what no person asked for is begun in Towpath's own name")
    if leave == AUTOSTART and not autostart:
        return deny("autostart", "nothing begins by itself here (backlog.autostart)")
    if asker is not None and not who_commands.decide(asker).allowed:
        who = asker.person.login
        return deny("issue_author", f"{who}, who wrote the issue, may not start stories here")
    return None
