"""Loads LiteLLM once, late and in a thread, with everything off that talks to the outside on its own."""

from __future__ import annotations

import importlib
import os
import warnings
from typing import Any, cast

from pydantic import BaseModel

from watchbill.adapters.loading import ONE_AT_A_TIME
from watchbill.kit.process.garbage_collection import set_aside

# Without these the library downloads price lists and tables, at its import or at the first call.
_LOCAL = {
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    "LITELLM_LOCAL_ANTHROPIC_BETA_HEADERS": "True",
    "LITELLM_LOCAL_BLOG_POSTS": "True",
    # Native code would connect past the gate.
    "LITELLM_RUST": "False",
}
_loaded: list[Any] = []


def load_litellm() -> Any:
    """The litellm module, imported at the first call (about two seconds). Thread-safe and blocking."""
    with ONE_AT_A_TIME:
        if not _loaded:
            os.environ.update(_LOCAL)
            os.environ.setdefault("LITELLM_LOG", "ERROR")
            with warnings.catch_warnings():
                # Deprecations inside the library at import are nothing its user can act on.
                warnings.simplefilter("ignore")
                litellm: Any = importlib.import_module("litellm")
            # Raised at the first call and about a type of the library's own.
            warnings.filterwarnings("ignore", message="Item '.*' on TypedDict class", category=UserWarning)
            litellm.telemetry = False
            litellm.suppress_debug_info = True
            litellm.turn_off_message_logging = True
            litellm.disable_streaming_logging = True
            litellm.drop_params = True
            importlib.import_module("watchbill.adapters.models.through_litellm.handed_clients").hand_clients()
            _complete(importlib.import_module("litellm.types.utils"))
            set_aside()
            _loaded.append(litellm)
        return _loaded[0]


def _complete(module: Any) -> None:
    """Finish the models that LiteLLM leaves unfinished until their first use: Pydantic takes a class apart
    while it does, and a call in another thread that meets it then fails."""
    named = cast("dict[str, object]", vars(module))
    models = [found for found in named.values() if isinstance(found, type)]
    for model in models:
        ours = issubclass(model, BaseModel) and model.__module__ == module.__name__
        if ours and not model.__pydantic_complete__:
            model.model_rebuild()
