"""The routes of signals and of the models that find them."""

from msgspec import Struct

from router.wire import registry, similar
from router.wire import signals as s
from router.wire.agents import NoBody
from router.wire.route import BATCH_BYTES_MAX, Route, reading

__all__ = ["SIGNAL_ROUTES"]


def _model_verb(verb: str, summary: str, body: type[Struct] = NoBody) -> Route:
    return Route(
        name=f"models.{verb}",
        method="POST",
        path=f"/v1/models/{{id}}:{verb}",
        summary=summary,
        scope="config:write",
        body=body,
        reply=s.Model,
        is_conditional=True,
        refusals=("state_conflict", "model_refused"),
    )


SIGNAL_ROUTES: tuple[Route, ...] = (
    reading(
        "signals.get",
        "/v1/signals",
        s.SignalsView,
        "config:read",
        "Read what signals do here.",
        is_conditional=True,
    ),
    Route(
        name="signals.put",
        method="PUT",
        path="/v1/signals",
        summary="Say what signals do: languages, intents to skills and queues, urgency to priority.",
        scope="config:write",
        body=s.SignalsBody,
        reply=s.SignalsView,
        statuses=(200, 201),
        is_conditional=True,
        body_bytes_max=BATCH_BYTES_MAX,
    ),
    Route(
        name="signals.analyze",
        method="POST",
        path="/v1/signals:analyze",
        summary="Read messages without making tickets of them, and say why if asked.",
        scope="tickets:read",
        body=s.AnalyzeBody,
        reply=s.Analysis,
        is_query=True,
        weight=5,
        body_bytes_max=BATCH_BYTES_MAX,
    ),
    Route(
        name="signals.similar",
        method="POST",
        path="/v1/signals:similar",
        summary="Find solved tickets and articles like a text.",
        scope="tickets:read",
        body=similar.SimilarBody,
        reply=similar.Similar,
        is_query=True,
        weight=5,
        body_bytes_max=BATCH_BYTES_MAX,
    ),
    reading(
        "articles.get",
        "/v1/articles",
        similar.Articles,
        "config:read",
        "Read how many articles there are.",
        is_conditional=True,
    ),
    Route(
        name="articles.put",
        method="PUT",
        path="/v1/articles",
        summary="Take other articles in place of those there are, as a CSV text.",
        scope="config:write",
        body=similar.ArticlesBody,
        reply=similar.Articles,
        statuses=(200, 201),
        is_conditional=True,
        body_bytes_max=BATCH_BYTES_MAX,
    ),
    reading(
        "models.list",
        "/v1/models",
        s.ModelsPage,
        "config:read",
        "List models.",
        query=registry.PageQuery,
    ),
    reading(
        "models.get",
        "/v1/models/{id}",
        s.Model,
        "config:read",
        "Read a model, and how its trial stands.",
        is_conditional=True,
    ),
    Route(
        name="models.put",
        method="PUT",
        path="/v1/models/{id}",
        summary="Register a model whose file lies in the tenant's folder; it is checked first.",
        scope="config:write",
        body=s.ModelBody,
        reply=s.Model,
        statuses=(200, 201),
        is_conditional=True,
        refusals=("model_refused", "limit_reached"),
    ),
    _model_verb("shadow", "Try a model beside the one that serves, believing only that one."),
    _model_verb("promote", "Put a candidate to work if its trial has passed the gate."),
    _model_verb("activate", "Put a model to work without asking the gate."),
    _model_verb("rollback", "Put the model to work again that served before this one."),
    _model_verb("doubt", "Say that a model's errors have risen, as the server does by itself."),
)
"""Rows of `ROUTES`."""
