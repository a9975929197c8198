"""What people are told of a security ticket that is theirs: what to do, in one sentence.

Promises: never repeats a secret, or anything else that a scanner quotes from a file.
"""

from __future__ import annotations

import re

_ISSUERS = (
    (r"\baws|amazon", "deactivate the key in AWS IAM, look at CloudTrail for its use"),
    (r"\bgithub|\bghp_|\bgho_", "revoke the token in GitHub's settings, look at the audit log"),
    (r"\bgitlab", "revoke the token in GitLab's access tokens"),
    (r"\bslack", "revoke the token or rotate the webhook in Slack's app settings"),
    (r"\bstripe", "roll the key in Stripe's dashboard"),
    (r"\bgoogle|\bgcp", "delete the key in Google Cloud's credentials, look at its audit log"),
    (r"\bazure|\bmicrosoft", "rotate the key in Azure, look at the sign-in log"),
    (r"\bnpm\b", "revoke the token in npm's access tokens"),
    (r"\bpypi", "remove the token in PyPI's account settings"),
    (r"\bopenai|\banthropic", "delete the key in the provider's console"),
    (r"\bsendgrid|\btwilio|\bmailgun", "delete the key in the provider's console"),
    (r"private[ -]?key|\brsa\b|\bssh\b|\bpem\b",
     "make a new pair of keys, and remove the old public key wherever it is trusted"),
    (r"password|passwd", "change the password wherever it is used"),
)  # fmt: skip


def revocation(kind: str, active: bool = False) -> str:
    """The steps for a leaked secret of a kind, as a provider or a scanner calls it."""
    first = next(
        (said for words, said in _ISSUERS if re.search(words, kind, re.IGNORECASE)),
        "revoke it where it was issued",
    )
    note = "It is said to be valid still. " if active else ""
    return (
        f"{note}What to do:\n\n1. Revoke it: {first}.\n"
        "2. Put a new one where the program reads it at run time, not into a file of the "
        "repository.\n"
        "3. Look for its use by others since it was committed.\n"
        "4. Close the alert. Removing it from the files, or from the history, does not undo the "
        "leak."
    )


_ADVICE = (
    (r"sql-?injection|\b[BS]608\b|hardcoded-sql|tainted-sql|sqlalchemy-execute-raw|\bG20[12]\b",
     "the values have to become parameters of the query, in the way of the database's driver"),
    (r"\b[BS]30[12]\b|pickle|marshal|unsafe-deserialization|insecure-deserialization",
     "who writes the data, and in which other format it could be, is for a person to say"),
    (r"\b[BS]60[2-7]\b|command-line-injection|shell-command|command-injection|\bG204\b"
     r"|child-process|exec-",
     "the command has to become a list of words, once it is known which of them may be many"),
    (r"path-?injection|path-?traversal|zip-?slip|\bG30[45]\b",
     "the folder that the path may not leave has to be named"),
    (r"\bxss\b|reflective-xss|stored-xss|[BS]70[123]\b|mark-safe|autoescape|dangerouslysetinnerhtml",
     "which texts are markup and which have to be escaped is for a person to say"),
    (r"ssrf|request-forgery|\b[BS]310\b|url-redirection|open-redirect",
     "the hosts that may be asked have to be listed"),
    (r"\b[BS]104\b|bind-(?:all|socket)", "which network may reach it is for a person to say"),
    (r"\b[BS]101\b", "whether the check has to hold with python -O is for a person to say"),
    (r"\b[BS]11[02]\b", "what should happen when it fails is for a person to say"),
    (r"\b[BS]103\b|file-?permission|overly-permissive-file",
     "who has to read or run the file is for a person to say"),
    (r"\b[BS]108\b|hardcoded-tmp", "who else has to find the file is for a person to say"),
    (r"\b[BS]50[234578]\b|weak-cipher|insecure-protocol|weak-crypto|broken-crypto|host-key",
     "what the other side can do has to be known before the protocol changes"),
    (r"clear-?text-(?:logging|storage)|sensitive-data",
     "what of it may be written down is for a person to say"),
    (r"csrf|cors|cookie|session", "which sites and clients need it is for a person to say"),
    (r"redos|regex", "the expression has to be rewritten, with tests of what it takes"),
    (r"prototype-pollution|remote-property-injection",
     "which keys may be set is for a person to say"),
    (r"rate-?limit", "how often it may be called is for a person to say"),
    (r"stack-?trace|information-exposure", "what the caller may be told is for a person to say"),
)  # fmt: skip


def advice(finding: str) -> str:
    """What a person has to decide about a finding; '' where nothing is known of its kind."""
    return next((said for words, said in _ADVICE if re.search(words, finding, re.IGNORECASE)), "")
