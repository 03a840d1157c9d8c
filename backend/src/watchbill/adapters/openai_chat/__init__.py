"""OpenAI's chat completions as servers really speak them.

Read in this order: `event_stream` takes bytes apart into events, `body` counts and cuts off what is read,
`reading` gathers an answer out of parsed JSON and `tool_calls` the tools that it calls, `said` finds what a
server says is wrong, `documents` reads whole bodies, `faults` are the ways in which a call can fail on the
wire, and `client` puts them together over aiohttp. None of it knows providers, nodes or LiteLLM.
"""

from watchbill.adapters.openai_chat.body import Sizes
from watchbill.adapters.openai_chat.client import ChatRequest, ask
from watchbill.adapters.openai_chat.faults import BrokenOff, Fault, NotAnAnswer, Refused, TooLarge
from watchbill.adapters.openai_chat.reading import Reading
from watchbill.adapters.openai_chat.said import Said

__all__ = [
    "BrokenOff",
    "ChatRequest",
    "Fault",
    "NotAnAnswer",
    "Reading",
    "Refused",
    "Said",
    "Sizes",
    "TooLarge",
    "ask",
]
