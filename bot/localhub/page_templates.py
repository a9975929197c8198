"""The HTML of the pages, as Jinja templates that escape everything.

Promises no script, no address of another host, and text that can be read on a telephone.
"""

from __future__ import annotations

from jinja2 import DictLoader, Environment, StrictUndefined

_LAYOUT = """<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{% block title %}localhub{% endblock %}</title>
<style>
:root { color-scheme: light dark; --line: #8884; --soft: #8881; --good: #1a7f37; --bad: #cf222e;
        --done: #8250df; --wait: #9a6700; }
body { font: 15px/1.55 system-ui, sans-serif; max-width: 62rem; margin: 0 auto; padding: 1rem; }
nav { border-bottom: 1px solid var(--line); padding-bottom: .5rem; margin-bottom: 1rem; }
nav a { margin-right: 1rem; }
a { color: #0969da; text-decoration: none; } a:hover { text-decoration: underline; }
h1 { font-size: 1.5rem; margin: .5rem 0; } h2 { font-size: 1.15rem; margin-top: 1.6rem; }
.soft { opacity: .7; } .mono, code, pre { font-family: ui-monospace, monospace; font-size: .87em; }
pre { overflow-x: auto; padding: .7rem; background: var(--soft); border-radius: 6px; }
article { border: 1px solid var(--line); border-radius: 6px; margin: 1rem 0; }
article > header { background: var(--soft); padding: .35rem .8rem; font-size: .9em; }
article > div { padding: .2rem .8rem; overflow-wrap: anywhere; }
table { border-collapse: collapse; }
td, th { border: 1px solid var(--line); padding: .25rem .6rem; }
ul.plain { list-style: none; padding: 0; }
ul.plain li { padding: .35rem 0; border-bottom: 1px solid var(--line); }
.pill { display: inline-block; border-radius: 1em; padding: 0 .6em; font-size: .85em;
        border: 1px solid var(--line); }
.open, .success, .added { color: var(--good); } .closed, .failure, .removed { color: var(--bad); }
.merged { color: var(--done); } .pending { color: var(--wait); }
.add { background: #2da44e26; } .del { background: #cf222e1f; } .hunk { opacity: .6; }
.diff span { display: block; white-space: pre; }
</style></head><body>
<nav><a href="{{ root }}/">localhub</a>
{% if repo %}<a href="{{ root }}/{{ repo.full_name }}">{{ repo.full_name }}</a>
<a href="{{ root }}/{{ repo.full_name }}/issues">Issues</a>
<a href="{{ root }}/{{ repo.full_name }}/pulls">Pull requests</a>{% endif %}</nav>
{% block main %}{% endblock %}
</body></html>"""

_PARTS = """
{% macro label(one) %}<span class="pill" style="border-color:#{{ one.color }}">{{ one.name }}</span>
{% endmacro %}
{% macro state(issue) %}{% set s = 'merged' if issue.pull and issue.pull.merged else issue.state %}
<span class="pill {{ s }}">{{ 'draft' if issue.pull and issue.pull.draft and s == 'open' else s }}
</span>{% endmacro %}
{% macro said(user, when, body, reactions, edited=False, note='') %}
<article><header><b>{{ user.login }}</b> {{ note }}
<span class="soft">{{ when }}{{ ' · edited' if edited }}</span></header>
<div>{{ body | markdown }}
{% for mark, count in reactions | tally %}<span class="pill">{{ mark }} {{ count }}</span>
{% endfor %}</div></article>{% endmacro %}
{% macro listed(issues, base) %}<ul class="plain">{% for one in issues %}
<li>{{ state(one) }} <a href="{{ base }}/{{ 'pull' if one.pull else 'issues' }}/{{ one.number }}">
{{ one.title }}</a> <span class="soft">#{{ one.number }} by {{ one.user.login }}</span>
{% for each in one.labels %}{{ label(each) }}{% endfor %}</li>
{% else %}<li class="soft">Nothing here.</li>{% endfor %}</ul>{% endmacro %}
"""

_FRONT = """{% extends 'layout' %}{% block main %}<h1>Repositories</h1>
<ul class="plain">{% for one in repositories %}<li>
<a href="{{ root }}/{{ one.full_name }}">{{ one.full_name }}</a>
<span class="soft">{{ one.description or '' }}</span></li>
{% else %}<li class="soft">No repository yet.</li>{% endfor %}</ul>{% endblock %}"""

_REPOSITORY = """{% extends 'layout' %}{% import 'parts' as parts with context %}
{% block title %}{{ repo.full_name }}{% endblock %}
{% block main %}<h1>{{ repo.full_name }}</h1><p class="soft">{{ repo.description or '' }}</p>
<pre>git clone {{ root }}/{{ repo.full_name }}.git</pre>
<h2>Pull requests</h2>{{ parts.listed(pulls, base) }}
<h2>Issues</h2>{{ parts.listed(issues, base) }}
<h2>Files on {{ repo.default_branch }}</h2><ul class="plain">{% for one in files %}<li class="mono">
<a href="{{ base }}/{{ 'tree' if one.type == 'tree' else 'blob' }}/{{ repo.default_branch }}/{{
one.path }}">{{ one.path }}{{ '/' if one.type == 'tree' }}</a></li>{% endfor %}</ul>
<h2>Latest commits</h2><ul class="plain">{% for one in commits %}<li>
<a class="mono" href="{{ base }}/commit/{{ one.sha }}">{{ one.sha[:8] }}</a>
{{ one.message.splitlines()[0] if one.message }}
<span class="soft">{{ one.author.name }}</span></li>{% endfor %}</ul>
{% if readme %}<article><header>README.md</header><div>{{ readme | markdown }}</div></article>
{% endif %}{% endblock %}"""

_LIST = """{% extends 'layout' %}{% import 'parts' as parts with context %}
{% block title %}{{ title }} · {{ repo.full_name }}{% endblock %}
{% block main %}<h1>{{ title }}</h1>{{ parts.listed(issues, base) }}{% endblock %}"""

_ISSUE = """{% extends 'layout' %}{% import 'parts' as parts with context %}
{% block title %}{{ issue.title }} · #{{ issue.number }}{% endblock %}
{% block main %}<h1>{{ issue.title }} <span class="soft">#{{ issue.number }}</span></h1>
<p>{{ parts.state(issue) }}
{% if issue.pull %}<span class="mono">{{ issue.pull.head_owner }}:{{ issue.pull.head_ref }}</span>
→ <span class="mono">{{ issue.pull.base_ref }}</span>
<span class="soft mono">{{ issue.pull.head_sha[:12] }}</span>
{% if merging %}<span class="pill">{{ merging.state }}</span>{% endif %}{% endif %}
{% for one in issue.labels %}{{ parts.label(one) }}{% endfor %}
{% if issue.assignees %}<span class="soft">assigned to
{{ issue.assignees | map(attribute='login') | join(', ') }}</span>{% endif %}</p>
{% if merging and merging.reasons %}<ul>{% for one in merging.reasons %}<li>{{ one }}</li>
{% endfor %}</ul>{% endif %}
{{ parts.said(issue.user, issue.created_at | when, issue.body, issue.reactions) }}
{% for one in talk %}{{ parts.said(one.user, one.at | when, one.body, one.reactions, one.edited,
one.note) }}{% endfor %}
{% if issue.pull %}
<h2>Checks</h2><ul class="plain">{% for name, result in checks %}
<li><span class="pill {{ result }}">{{ result }}</span> {{ name }}</li>
{% else %}<li class="soft">No check has reported.</li>{% endfor %}</ul>
<h2>Commits</h2><ul class="plain">{% for one in commits %}<li>
<a class="mono" href="{{ base }}/commit/{{ one.sha }}">{{ one.sha[:8] }}</a>
{{ one.message.splitlines()[0] if one.message }} <span class="soft">{{ one.author.name }}</span>
</li>{% endfor %}</ul>
<h2>Files</h2>{% include 'files' %}{% endif %}{% endblock %}"""

_FILES = """{% for one in files %}<article><header class="mono">
<span class="pill {{ one.status }}">{{ one.status }}</span>
{% if one.previous %}{{ one.previous }} → {% endif %}{{ one.path }}
<span class="added">+{{ one.additions }}</span> <span class="removed">−{{ one.deletions }}</span>
</header>{% if one.patch is not none %}<pre class="diff">{% for line in one.patch.split('\\n') %}
<span class="{{ line | diff_class }}">{{ line }}</span>{% endfor %}</pre>
{% else %}<div class="soft">No text to show.</div>{% endif %}</article>{% endfor %}"""

_COMMIT = """{% extends 'layout' %}{% block title %}{{ commit.sha[:8] }}{% endblock %}
{% block main %}<h1 class="mono">{{ commit.sha[:12] }}</h1><pre>{{ commit.message }}</pre>
<p class="soft">{{ commit.author.name }} &lt;{{ commit.author.email }}&gt;
{{ commit.author.date }}</p>{% include 'files' %}{% endblock %}"""

_TREE = """{% extends 'layout' %}{% block title %}{{ path }}{% endblock %}
{% block main %}<h1 class="mono">{{ path }}</h1><ul class="plain">{% for one in files %}
<li class="mono"><a href="{{ base }}/{{ 'tree' if one.type == 'tree' else 'blob' }}/{{ ref }}/{{
path }}/{{ one.path }}">{{ one.path }}{{ '/' if one.type == 'tree' }}</a></li>
{% endfor %}</ul>{% endblock %}"""

_BLOB = """{% extends 'layout' %}{% block title %}{{ path }}{% endblock %}
{% block main %}<h1 class="mono">{{ path }}</h1>
{% if markdown %}<article><div>{{ text | markdown }}</div></article>
{% else %}<pre>{{ text }}</pre>{% endif %}{% endblock %}"""

_CHECK = """{% extends 'layout' %}{% block title %}{{ run.name }}{% endblock %}
{% block main %}<h1>{{ run.name }} <span class="pill {{ run.conclusion or 'pending' }}">
{{ run.conclusion or run.status }}</span></h1><h2>{{ run.title or '' }}</h2>
<div>{{ run.summary | markdown }}</div><div>{{ run.text | markdown }}</div>
<ul>{% for one in run.annotations %}<li class="mono">{{ one.path }}:{{ one.start_line }}
{{ one.message }}</li>{% endfor %}</ul>{% endblock %}"""

_MISSING = """{% extends 'layout' %}{% block main %}<h1>Not here</h1>
<p>{{ what }}</p>{% endblock %}"""


def make_environment() -> Environment:
    """The templates; filters are added by `pages`."""
    sources = {
        "layout": _LAYOUT,
        "parts": _PARTS,
        "front": _FRONT,
        "repository": _REPOSITORY,
        "list": _LIST,
        "issue": _ISSUE,
        "files": _FILES,
        "commit": _COMMIT,
        "tree": _TREE,
        "blob": _BLOB,
        "check": _CHECK,
        "missing": _MISSING,
    }
    return Environment(
        loader=DictLoader(sources), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
