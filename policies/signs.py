"""The signs of a text that tries to command the model that reads it (M12).

Promises: pure; each sign is found in time that grows with the text and no faster. Never decides
what follows from a sign: that is `policies.suspicion`.
"""

from __future__ import annotations

import re

_DROP = (
    r"\b(?:ignor\w+|disregard\w*|forget|overrid\w+|bypass\w*|do\s+not\s+follow|drop)"
    r"\s+(?:\w+\s+){0,3}?"
)
_EARLIER = r"(?:previous|prior|earlier|above|preceding|foregoing|system)"
# name, weight, what it looks like in lower case. What ordinary stories say weighs less than 1.
SIGNS: tuple[tuple[str, float, re.Pattern[str]], ...] = (
    (
        "overrides_instructions",
        1.0,
        re.compile(
            rf"{_DROP}{_EARLIER}\s+(?:\w+\s+){{0,2}}?"
            r"(?:instructions?|prompts?|guidelines?|directives?)\b",
        ),
    ),
    (
        "sets_rules_aside",
        0.6,
        re.compile(
            rf"{_DROP}(?:{_EARLIER}|your|all|any|the)\s+(?:\w+\s+){{0,2}}?"
            r"(?:instructions?|prompts?|rules?|guidelines?|directives?|constraints?|messages?)\b",
        ),
    ),
    (
        "overrides_instructions_in_another_language",
        1.0,
        re.compile(
            r"ignoriere?\s+(?:\w+\s+){0,3}(?:anweisungen|regeln)|ignore[zr]?\s+(?:\w+\s+){0,3}"
            r"(?:instructions\s+pr[ée]c[ée]dentes|consignes)|ignora\s+(?:\w+\s+){0,3}"
            r"(?:instrucciones|istruzioni|instruções)|игнорируй\w*\s+(?:\w+\s+){0,3}инструкц"
            r"|忽略.{0,8}(?:指令|指示|提示)|(?:指示|命令).{0,6}無視",
        ),
    ),
    (
        "new_role",
        0.6,
        re.compile(
            r"\byou\s+are\s+(?:now|no\s+longer)\b|\bfrom\s+now\s+on\s+you\b|\bact\s+as\s+(?:an?\s+)?"
            r"(?:unrestricted|root|admin\w*|developer\s+mode|dan\b)|\bpretend\s+(?:to\s+be|you\b)"
            r"|\b(?:developer|debug|god|maintenance)\s+mode\s+(?:is\s+)?(?:on|enabled|active)",
        ),
    ),
    (
        "speaks_as_the_system",
        0.8,
        re.compile(
            r"^\s*(?:\[|<|#+\s*|\*{2})?\s*(?:system|assistant|developer)\s*(?:\]|>|\*{2})?\s*"
            r"(?:prompt|message|override|note)?\s*:\s*\S",
            re.MULTILINE,
        ),
    ),
    (
        "template_tokens",
        1.0,
        re.compile(
            r"<\|(?:im_start|im_end|system|assistant|user|endoftext|start_header_id|eot_id)\|>"
            r"|\[/?inst\]|<</?sys>>|\n\n(?:human|assistant):\s",
        ),
    ),
    ("forges_a_section", 1.2, re.compile(r"<<<\s*data\b|\bdata\s+[0-9a-f]{8,}\s*>>>")),
    (
        "forges_a_tool",
        0.8,
        re.compile(
            r"</?(?:tool_(?:call|result|use)|function_(?:calls?|results?)|invoke|antml:\w+)\b"
            r"|\"tool_calls\"\s*:|\"type\"\s*:\s*\"(?:tool_use|tool_result|function_call)\"",
        ),
    ),
    (
        "wants_the_rules",
        0.7,
        re.compile(
            r"\b(?:reveal|print|show|repeat|output|leak|dump|tell\s+me|include|paste)\b.{0,40}"
            r"\b(?:system\s+prompt|(?:hidden|initial|secret|original)\s+(?:prompt|instructions?))",
        ),
    ),
    (
        "wants_secrets",
        0.7,
        re.compile(
            r"\b(?:reveal|print|show|output|leak|dump|send|post|upload|exfiltrat\w+|email|include"
            r"|commit|paste|add|copy|echo|publish)\b.{0,40}\b(?:(?:the|your|our|every|all|any)\s+"
            r"(?:\w+\s+){0,2}?(?:api\s+keys?|private\s+keys?|ssh\s+keys?|secrets|credentials"
            r"|access\s+tokens?|passwords)|github_token|id_rsa|an\s+ssh\s+key)\b",
        ),
    ),
    (
        "wants_them_all",
        0.5,
        re.compile(
            r"\b(?:all|every|any)\s+(?:\w+\s+){0,2}?(?:secrets?|credentials?|tokens?|passwords?"
            r"|environment\s+variables?|(?:api|private|ssh)\s+keys?)\b|\$\(env\b|\bprintenv\b",
        ),
    ),
    (
        "to_a_public_place",
        0.4,
        re.compile(
            r"\b(?:in|into|to|as|at)\s+(?:a|an|the|your)\s+(?:\w+\s+){0,2}?(?:comment|readme|issue"
            r"|pull\s+request|commit\s+message|description|gist|webhook|server)\b",
        ),
    ),
    (
        "reaches_outside",
        0.9,
        re.compile(
            r"\b(?:curl|wget|nc|ncat|invoke-webrequest)\b[^\n]{0,120}(?:https?://|\d+\.\d+\.\d+\.\d+)"
            r"|\|\s*(?:ba|z)?sh\b|/dev/tcp/|\bbase64\s+(?:-d|--decode)\b",
        ),
    ),
    (
        "addresses_the_machine",
        0.5,
        re.compile(
            r"\b(?:ai|llm|language\s+model|coding\s+agent|assistant|towpath|copilot|claude|gpt)\b"
            r"[^.\n]{0,40}\b(?:must|should|has\s+to|is\s+required\s+to|shall|are\s+to)\b"
            r"|\b(?:attention|note|message|instructions?)\s+(?:to|for)\s+(?:the\s+|any\s+|all\s+)?"
            r"(?:ai|llms?|agents?|assistants?|bots?|models?)\b",
        ),
    ),
    (
        "hides_its_doing",
        0.8,
        re.compile(
            r"\bdo\s+not\s+(?:tell|mention|inform|notify|report|reveal|disclose)\b|\bwithout\s+"
            r"(?:telling|mentioning|informing|notifying|asking)\b|\bkeep\s+this\s+(?:secret|hidden)"
            r"|\bsilently\b.{0,30}\b(?:add|change|remove|push|merge|commit|disable)",
        ),
    ),
    (
        "weakens_the_guards",
        0.9,
        re.compile(
            r"\b(?:delete|remove|disable|skip|weaken|comment\s+out|bypass|turn\s+off)\b.{0,40}"
            r"\b(?:all\s+(?:the\s+)?tests?|test\s+suite|branch\s+protection|code\s+review|security"
            r"\s+checks?|approval\w*|sandbox|audit\s+log)\b",
        ),
    ),
    (
        "skips_people",
        0.8,
        re.compile(
            r"\b(?:auto[\s-]?)?(?:merge|approve|deploy|push)\b.{0,40}\b(?:without\s+(?:review|"
            r"approval|waiting|a\s+human)|immediately\s+without|directly\s+to\s+(?:main|master))",
        ),
    ),
    (
        "claims_approval",
        0.6,
        re.compile(
            r"\bthis\s+(?:has\s+been|is|was)\s+(?:already\s+)?(?:pre-?)?(?:approved|authori[sz]ed)"
            r"\s+by\b",
        ),
    ),
    (
        "spends_without_end",
        0.7,
        re.compile(
            r"\b(?:repeat|loop|continue|keep\s+going|retry)\b.{0,30}\b(?:forever|endlessly|infinitely"
            r"|indefinitely|until\s+(?:i|you\s+are)\s+(?:say|told)\s+(?:to\s+)?stop|\d{4,}\s+times)",
        ),
    ),
    (
        "touches_the_workshop",
        0.7,
        re.compile(
            r"\.git/hooks|\bgit\s+push\s+(?:-f|--force)|\.github/workflows/\S+\s+(?:to|so\s+that)\b"
            r"|\bauthorized_keys\b|/etc/(?:passwd|shadow)|~/\.(?:ssh|aws|netrc)",
        ),
    ),
)

_DROPS = "ignor disregard forget overrid bypass drop follow"
_TELLS = (
    "reveal print show repeat output leak dump tell include paste send post upload exfiltrat email "
    "commit add copy echo publish"
)
# Without a word of each group the sign cannot be there: the cheap question before the dear one.
# A plus stands for a space.
_WORDS: dict[str, tuple[str, ...]] = {
    "overrides_instructions": (_DROPS, "instruction prompt guideline directive"),
    "sets_rules_aside": (
        _DROPS,
        "instruction prompt rule guideline directive constraint message",
    ),
    "overrides_instructions_in_another_language": (
        "ignorier ignora ignore ignorez игнорируй 忽略 無視",
        "anweisung regeln consignes instruc instruç istruz инструкц 指令 指示 提示 命令",
    ),
    "new_role": ("you+are from+now act+as pretend +mode",),
    "speaks_as_the_system": ("system assistant developer", ":"),
    "template_tokens": ("<| inst] sys>> human: assistant:",),
    "forges_a_section": ("data", "<<< >>>"),
    "forges_a_tool": ("tool_ function_ invoke antml",),
    "wants_the_rules": (_TELLS, "prompt instruction"),
    "wants_secrets": (
        _TELLS,
        "key secrets credentials token passwords id_rsa",
    ),
    "wants_them_all": (
        "all every any $(env printenv",
        "secret credential token password var key $",
    ),
    "to_a_public_place": (
        "comment readme issue pull message description gist webhook server",
        "in+ to+ into+ as+ at+",
    ),
    "reaches_outside": ("curl wget nc ncat invoke-webrequest | /dev/tcp/ base64",),
    "addresses_the_machine": (
        "assistant model agent llm towpath copilot claude gpt ai+ bot",
        "must should has+to required shall are+to to for",
    ),
    "hides_its_doing": ("do+not without silently keep+this",),
    "weakens_the_guards": (
        "delete remove disable skip weaken comment+out bypass turn+off",
        "tests test+suite protection review security approval sandbox audit",
    ),
    "skips_people": ("merge approve deploy push", "without directly"),
    "claims_approval": ("approved authori",),
    "spends_without_end": ("forever endless infinite indefinite until +times",),
    "touches_the_workshop": (".git/hooks push workflows authorized_keys /etc/ ~/.",),
}
WORDS = {
    name: tuple(tuple(w.replace("+", " ") for w in g.split()) for g in groups)
    for name, groups in _WORDS.items()
}


def signs_in(text: str) -> dict[str, float]:
    """Names and weights of the signs in a text in lower case."""
    return {
        name: weight
        for name, weight, pattern in SIGNS
        if all(any(word in text for word in group) for group in WORDS[name])
        and pattern.search(text)
    }
