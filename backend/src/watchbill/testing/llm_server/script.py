"""Scripts: rules that say how the server answers which request."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from watchbill.testing.llm_server.calls import Call
from watchbill.testing.llm_server.wire import Raw, Wire


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Match(_Strict):
    """Which requests a rule is for: a substring of any message, a model name, or whether tools are offered.

    Everything given must hold; an empty match holds for every request.
    """

    contains: str | None = None
    model: str | None = None
    has_tools: bool | None = None
    after_tool: bool | None = Field(default=None, description="Whether the last message is a tool's result.")

    def fits(self, call: Call) -> bool:
        """Whether the call satisfies everything that is given."""
        last = call.messages[-1] if call.messages else {}
        return (
            (self.contains is None or self.contains in call.prompt)
            and (self.model is None or self.model == call.model)
            and (self.has_tools is None or self.has_tools == bool(call.tools))
            and (self.after_tool is None or self.after_tool == (last.get("role") == "tool"))
        )


class ScriptedTool(_Strict):
    """A tool call the model makes; `arguments` may be text, to send JSON that does not parse."""

    name: str
    arguments: dict[str, Any] | str = {}


class Then(_Strict):
    """What happens. Without text, json, tool_calls, empty, nonsense or refusal the demo model answers.

    Times are milliseconds: `delay_ms` before the first byte, `token_ms` between words. `break_after` cuts the
    connection after that many words. `hang` never answers; the client must give up.
    """

    status: int | None = Field(default=None, ge=400, le=599)
    message: str | None = Field(default=None, description="Text of the error that goes with `status`.")
    error_code: str | None = None
    retry_after: int | str | None = None
    hang: bool = False
    delay_ms: float | None = None
    token_ms: float | None = None
    break_after: int | None = None
    stall_after: int | None = Field(
        default=None, description="Send that many words, then nothing until `go_on`."
    )
    text: str | None = None
    json_value: Any = Field(default=None, alias="json")
    tool_calls: list[ScriptedTool] = []
    empty: bool = False
    nonsense: bool = Field(default=False, description="Text that is not JSON and answers nothing.")
    refusal: str | None = None
    finish_reason: str | None = None
    usage: bool = Field(default=True, description="Whether token counts are sent.")
    headers: dict[str, str] = {}
    wire: Wire = Wire()
    raw: Raw | None = None


class Rule(_Strict):
    """One rule. `times` uses it up after so many requests; null means for ever."""

    match: Match | str = Match()
    then: Then = Then()
    times: int | None = Field(default=None, ge=1)

    def fits(self, call: Call) -> bool:
        """Whether the rule is for this call; a plain string matches message text."""
        match = Match(contains=self.match) if isinstance(self.match, str) else self.match
        return match.fits(call)


class Script(_Strict):
    """Rules in order: the first one that fits and is not used up answers."""

    rules: list[Rule] = []

    def take(self, call: Call) -> Then | None:
        """The answer for this call, counting down the rule's uses; None means: as the demo model would."""
        for rule in self.rules:
            if rule.times != 0 and rule.fits(call):
                if rule.times is not None:
                    rule.times -= 1
                return rule.then
        return None
