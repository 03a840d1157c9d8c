"""`watchbill up` and `watchbill run` as a person meets them: starting, refusing, surviving, stopping."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.e2e.running import Running, clean_environment, command, new_folder, running, until
from watchbill.kit.process.resources import data_dir

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("up")]
EXAMPLES = data_dir("examples") or Path("examples")
PERSON = {"email": "sam@example.com", "password": "correct horse battery"}


@pytest.fixture(scope="module")
def stack() -> Iterator[Running]:
    with new_folder() as folder, running(folder) as started:
        yield started


def test_says_where_it_is_and_how_to_begin(stack: Running) -> None:
    assert stack.ready()
    assert stack.url in stack.said
    assert "create an account" in stack.said
    assert str(stack.data.path) in stack.said
    assert len(stack.said.splitlines()) < 15


def test_keeps_its_secrets_to_itself(stack: Running) -> None:
    secrets = stack.data.path / "secrets.json"
    assert stat.S_IMODE(secrets.stat().st_mode) == 0o600
    said = stack.said + "".join(log.read_text() for log in stack.data.logs.glob("*.log"))
    assert not [value for value in json.loads(secrets.read_text()).values() if value in said]


def test_a_second_start_on_the_same_data_says_so_in_one_sentence(stack: Running) -> None:
    done = command(["up", "--port", "0", "--data-dir", str(stack.data.path)], stack.folder)
    assert done.returncode == 1
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert stack.url in line
    assert str(stack.process.pid) in line
    assert stack.ready()


def test_run_uses_the_one_that_runs(stack: Running) -> None:
    file = EXAMPLES / "support-triage.yaml"
    given = ["--input", "message=Production is down, please help immediately!"]
    done = command(["run", str(file), *given, "--json", "--data-dir", str(stack.data.path)], stack.folder)
    *events, result = (json.loads(line) for line in done.stdout.splitlines())
    assert done.returncode == 0, done.stderr
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    assert events[-1]["type"] == "execution_completed"
    assert result["type"] == "result"
    assert result["outputs"]["route"] == "on_call"
    assert result["usage"]["llm_calls"] == 2
    assert any(event["type"] == "llm_token" for event in events)


def test_run_again_shows_people_the_result_alone_on_standard_output(stack: Running) -> None:
    file = EXAMPLES / "support-triage.yaml"
    for _ in range(2):
        given = ["--input", "message=Where can I change my language?"]
        done = command(["run", str(file), *given, "--data-dir", str(stack.data.path)], stack.folder)
        assert done.returncode == 0, done.stderr
        assert done.stdout.startswith("# route\n\ncustomer\n")
        assert "✓ Reply" in done.stderr
        assert "– Coordinate" in done.stderr


def test_run_exits_with_1_when_the_execution_fails(stack: Running) -> None:
    flow = {
        "nodes": [
            {"id": "start", "type": "input", "config": {"fields": []}},
            {
                "id": "done",
                "type": "output",
                "config": {"values": {"x": "{{ string(now()).split('-')[9] }}"}},
            },
        ],
        "edges": [{"id": "e", "source": "start", "target": "done"}],
    }
    file = stack.folder / "broken.json"
    file.write_text(json.dumps({"name": "Broken", "definition": flow}))
    done = command(["run", str(file), "--data-dir", str(stack.data.path)], stack.folder)
    assert done.returncode == 1
    assert "Failed" in done.stderr


def test_ctrl_c_cancels_a_run(stack: Running) -> None:
    file = EXAMPLES / "research-brief.yaml"
    arguments = ["run", str(file), "--input", "topic=tides", "--json", "--data-dir", str(stack.data.path)]
    with subprocess.Popen(
        [sys.executable, "-m", "watchbill.cli", *arguments],
        cwd=stack.folder,
        env=clean_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as run:
        assert run.stdout is not None
        types = []
        for line in run.stdout:
            types.append(json.loads(line)["type"])
            if types.count("llm_token") == 1 and types[-1] == "llm_token":
                run.send_signal(signal.SIGINT)
        assert run.wait() == 1
    assert types[-2:] == ["execution_cancelled", "result"]
    assert "node_completed" not in types[types.index("llm_token") :]


def test_a_worker_and_an_api_that_die_come_back(stack: Running) -> None:
    for words, name in (("cli worker", "worker"), ("cli api", "API")):
        old = stack.child(words)
        old.send_signal(signal.SIGKILL)
        until(
            lambda name=name: f"The {name} was ended by SIGKILL" in stack.said, 20, f"a line about the {name}"
        )
        until(lambda words=words, old=old: _replaced(stack, words, old.pid), 30, f"a new {name}")
    until(stack.ready, 40, "readiness after the deaths")


def _replaced(stack: Running, words: str, old: int) -> bool:
    try:
        return stack.child(words).pid != old
    except ValueError:
        return False


def test_data_outlive_a_stop_and_no_process_does() -> None:
    with new_folder() as folder:
        with running(folder) as first:
            form = {**PERSON, "tenant_name": "Sam's"}
            httpx.post(f"{first.url}/api/v1/auth/register", json=form).raise_for_status()
            assert first.end(signal.SIGINT) == 0
            assert "Stopped." in first.said
        with running(folder) as second:
            answer = httpx.post(f"{second.url}/api/v1/auth/login", json=PERSON)
            assert answer.status_code == 200
            assert second.said.count("create an account") == 1


def test_kill_9_of_the_supervisor_leaves_no_process_and_run_starts_one_of_its_own() -> None:
    file, given = EXAMPLES / "support-triage.yaml", ["--input", "message=Where can I change my language?"]
    with new_folder() as folder:
        with running(folder) as first:
            assert first.end(signal.SIGKILL) == -signal.SIGKILL
        # The command line's own account gets no mail, so it needs none to prove its address.
        proving = clean_environment(WATCHBILL_VERIFY_EMAIL="true")
        again = ["run", str(file), *given, "--data-dir", str(first.data.path)]
        done = command(again, folder, environment=proving)
        assert done.returncode == 0, done.stderr
        assert "customer" in done.stdout
        os.close(first.data.lock())  # nobody is left who holds it


def test_a_busy_port_is_one_sentence_with_the_way_out() -> None:
    with new_folder() as folder, socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = command(["up", "--port", str(port)], folder)
    (line,) = done.stderr.splitlines()
    assert (done.returncode, done.stdout) == (1, "")
    assert str(port) in line
    assert "--port" in line


def test_an_unusable_data_directory_is_one_sentence() -> None:
    with new_folder() as folder:
        (folder / "file").touch()
        done = command(["up", "--port", "0", "--data-dir", str(folder / "file")], folder)
    (line,) = done.stderr.splitlines()
    assert (done.returncode, done.stdout) == (1, "")
    assert str(folder / "file") in line
    assert "--data-dir" in line


def test_a_wrong_setting_is_named() -> None:
    with new_folder() as folder:
        done = command(["up"], folder, environment=clean_environment(WATCHBILL_ENV="production"))
    assert done.returncode == 2
    assert "WATCHBILL_JWT_SECRET" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "The input `topic` is required."),
        (["--input", "topic"], "An input is written NAME=VALUE"),
        (
            ["--input", "subject=x", "--input", "topic=x"],
            "The flow has no input `subject`. It has: topic, audience.",
        ),
        (["--inputs-file", "nowhere.yaml"], "cannot be read"),
    ],
)
def test_run_refuses_bad_inputs_before_it_starts_anything(arguments: list[str], sentence: str) -> None:
    with new_folder() as folder:
        done = command(["run", str(EXAMPLES / "research-brief.yaml"), *arguments], folder)
        assert done.returncode == 1
        assert sentence in done.stderr
        assert not (folder / ".watchbill").exists()


def test_run_names_the_node_and_field_of_a_problem() -> None:
    with new_folder() as folder:
        text = (EXAMPLES / "parallel-comparison.yaml").read_text().replace("inputs.topic", "inputs.topics")
        (folder / "flow.yaml").write_text(text)
        done = command(["run", "flow.yaml", "--json", "--input", "topic=x"], folder)
    (line,) = done.stdout.splitlines()
    messages = json.loads(line)["messages"]
    assert done.returncode == 1
    assert any("node brief, config.prompt" in message for message in messages)


def test_doctor_shows_settings_and_hides_secrets() -> None:
    with new_folder() as folder:
        secret = "not-to-be-seen-anywhere-in-here-0123456789"
        environment = clean_environment(
            WATCHBILL_JWT_SECRET=secret, WATCHBILL_REDIS_URL="redis://u:hidden@127.0.0.1:9/0"
        )
        done = command(["doctor"], folder, environment=environment)
    assert done.returncode == 1  # nothing listens there
    assert "redis://u:********@127.0.0.1:9/0" in done.stdout
    assert "FAIL  redis" in done.stdout
    assert secret not in done.stdout
    assert "hidden" not in done.stdout
