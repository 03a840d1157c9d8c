"""What is said about an execution that is over: as JSON to a URL, in words by mail."""

from __future__ import annotations

from uuid import UUID

from watchbill.core.ports.mail import MailMessage
from watchbill.core.usage import Usage
from watchbill.features.executions.tables import Execution
from watchbill.features.identity.mails import one_line
from watchbill.features.notifications.schemas import NotificationMessage, NotifiedExecution

MAX_BYTES = 256 * 1024
_LONGEST_LINE = 300
_WORDS = {"completed": "is done", "failed": "failed", "cancelled": "was cancelled"}


def as_json(delivery_id: UUID, execution: Execution, flow_name: str | None, base_url: str) -> bytes:
    """The message for a URL; outputs that would make it too large are left out."""
    told = NotifiedExecution.model_validate(
        {
            "id": execution.id,
            "flow_id": execution.flow_id,
            "flow_name": flow_name,
            "version": execution.flow_version,
            "status": execution.status,
            "outputs": execution.outputs,
            "error": execution.error,
            "usage": execution.usage or Usage(),
            "created_at": execution.created_at,
            "started_at": execution.started_at,
            "finished_at": execution.finished_at,
        }
    )
    message = NotificationMessage.model_validate(
        {
            "id": delivery_id,
            "type": f"execution_{told.status}",
            "execution": told,
            "url": _link(base_url, execution.id),
        }
    )
    body = message.model_dump_json().encode()
    if len(body) <= MAX_BYTES:
        return body
    short = told.model_copy(update={"outputs": None, "outputs_left_out": True})
    return message.model_copy(update={"execution": short}).model_dump_json().encode()


def as_mail(to: str, execution: Execution, flow_name: str | None, base_url: str) -> MailMessage:
    """The message for a person. It has no outputs: people see them after they follow the link and sign in."""
    what = _WORDS[execution.status]
    # What people wrote is in lines of its own, never in the subject, so that readers see who says what.
    lines = [f"An execution {what}.", "", f"Flow: {one_line(flow_name or 'A crew test')}"]
    if execution.error:
        node = execution.error.get("node_id")
        where = f" (node {node})" if node else ""
        lines += [f"Error: {one_line(str(execution.error.get('message', '')), _LONGEST_LINE)}{where}"]
    if execution.started_at and execution.finished_at:
        seconds = (execution.finished_at - execution.started_at).total_seconds()
        lines += ["", f"It took {seconds:,.1f} seconds."]
    lines += ["", _link(base_url, execution.id), ""]
    return MailMessage(to, f"Watchbill: an execution {what}", "\n".join(lines))


def _link(base_url: str, execution_id: UUID) -> str:
    return f"{base_url}/executions/view?id={execution_id}"
