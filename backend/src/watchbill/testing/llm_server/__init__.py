"""A real HTTP server that speaks OpenAI's chat completions: demo model by default, scripted in tests.

Started from a shell with `python -m watchbill.testing.llm_server --port 9100`, or inside a program:

    async with LlmServer() as server:
        provider_url = server.base_url
        server.script([{"then": {"status": 429, "retry_after": 2}, "times": 1}])

Over HTTP the same script is set with `PUT /_script {"rules": [...]}`, removed with `DELETE /_script`, and
`GET /_calls` lists what was asked and how each answer ended.
"""

from watchbill.testing.llm_server.calls import Call, CallLog
from watchbill.testing.llm_server.script import Match, Rule, Script, Then
from watchbill.testing.llm_server.server import LlmServer

__all__ = ["Call", "CallLog", "LlmServer", "Match", "Rule", "Script", "Then"]
