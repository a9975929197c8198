"""GitHub's REST endpoints, one file a topic."""

from bot.localhub.api import (
    apps,
    branches,
    checks,
    comments,
    commits,
    contents,
    deployments,
    git_data,
    hooks,
    issues,
    labels,
    merging,
    people,
    pulls,
    repositories,
    review_comments,
    reviews,
    search,
    statuses,
)
from bot.localhub.calls import Route

_TOPICS = (
    apps,
    hooks,
    people,
    repositories,
    issues,
    search,
    labels,
    comments,
    pulls,
    merging,
    reviews,
    review_comments,
    checks,
    statuses,
    deployments,
    git_data,
    commits,
    contents,
    branches,
)

ALL_ROUTES: list[Route] = [route for topic in _TOPICS for route in topic.routes.all]
