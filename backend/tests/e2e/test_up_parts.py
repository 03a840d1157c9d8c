"""The parts of `watchbill up` and `watchbill run` that can be seen one by one."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from typer.testing import CliRunner

from tests.e2e.running import alive, until
from watchbill.cli.commands import app
from watchbill.cli.reading import NotRunnable
from watchbill.cli.workflow import read_workflow
from watchbill.embedded import listening
from watchbill.embedded.child import clean_environment
from watchbill.embedded.errors import AlreadyRunning, CannotStart
from watchbill.embedded.folder import DataFolder
from watchbill.embedded.logfile import LogFile

TYPES = ("string", "integer", "boolean", "list", "object")


def test_a_log_past_its_limit_keeps_one_older_file(tmp_path: Path) -> None:
    log = LogFile(tmp_path / "api.log", limit=100)
    for number in range(20):
        log.write(b"line %02d of the log\n" % number)
    log.close()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["api.log", "api.log.1"]
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) < 250
    assert log.tail.endswith("line 19 of the log")


def test_a_locked_directory_names_its_holder(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path)
    descriptor = folder.lock()
    folder.announce(descriptor, "http://127.0.0.1:8000")
    with pytest.raises(AlreadyRunning, match=r"http://127\.0\.0\.1:8000") as caught:
        DataFolder(tmp_path).lock()
    assert caught.value.pid == os.getpid()
    os.close(descriptor)
    os.close(DataFolder(tmp_path).lock())


def test_a_new_start_waits_for_the_guard_of_one_that_was_killed(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path)
    descriptor = folder.lock()
    code = "import sys, time; print(flush=True); time.sleep(0.5)"
    with subprocess.Popen(
        [sys.executable, "-c", code], pass_fds=[descriptor], stdout=subprocess.PIPE
    ) as guard:
        assert guard.stdout is not None
        guard.stdout.readline()
        ended = subprocess.Popen([sys.executable, "-c", ""])
        ended.wait()
        (tmp_path / "lock").write_text(json.dumps({"pid": ended.pid, "url": None}))
        os.close(descriptor)
        os.close(DataFolder(tmp_path).lock())
        assert guard.wait() == 0


def test_secrets_are_made_once(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path)
    made, first = folder.secrets()
    assert first
    assert folder.secrets() == (made, False)
    (tmp_path / "secrets.json").write_text("{")
    with pytest.raises(CannotStart, match=r"secrets\.json is damaged"):
        folder.secrets()


def test_the_guard_stops_groups_and_single_processes_when_its_input_ends() -> None:
    sleeper = [sys.executable, "-c", "import time; time.sleep(600)"]
    # One that starts another and does not go when asked to, and one that does.
    stubborn = (
        "import signal, subprocess, sys, time;"
        "signal.signal(signal.SIGTERM, lambda *_: print('asked', flush=True));"
        f"subprocess.Popen({sleeper!r}); print('up', flush=True); [time.sleep(600) for _ in range(9)]"
    )
    leader = subprocess.Popen(
        [sys.executable, "-c", stubborn], start_new_session=True, stdout=subprocess.PIPE, text=True
    )
    single = subprocess.Popen(sleeper, start_new_session=True)
    assert leader.stdout is not None
    leader.stdout.readline()
    (grandchild,) = psutil.Process(leader.pid).children()
    guard = subprocess.Popen(
        [sys.executable, "-m", "watchbill.embedded.guard"], stdin=subprocess.PIPE, text=True
    )
    assert guard.stdin is not None
    for pid, stage, group in ((leader.pid, 2, True), (single.pid, 0, False)):
        said = {"pid": pid, "stage": stage, "signal": signal.SIGTERM, "group": group}
        guard.stdin.write(json.dumps(said) + "\n")
    guard.stdin.close()
    until(
        lambda: single.poll() is None and not alive(grandchild), 10, "the end of the first stage's listener"
    )
    guard.send_signal(signal.SIGINT)
    assert guard.wait(10) == 0
    assert leader.wait(10) == -signal.SIGKILL
    assert single.wait(10) == -signal.SIGTERM
    leader.stdout.close()


def test_ports_are_named_in_the_message(tmp_path: Path) -> None:
    with listening.listen("127.0.0.1", 0) as listener:
        port = listener.getsockname()[1]
        assert listening.url(listener) == f"http://127.0.0.1:{port}"
        with pytest.raises(CannotStart, match=rf"Port {port} on 127\.0\.0\.1 is in use.*--port"):
            listening.listen("127.0.0.1", port)
    with pytest.raises(CannotStart, match="--host"):
        listening.listen("192.0.2.1", 0)
    with pytest.raises(CannotStart, match="--host"):
        listening.listen("no such host", 0)


def test_an_address_for_everybody_is_shown_as_one_that_opens() -> None:
    with listening.listen("0.0.0.0", 0) as listener:
        assert listening.url(listener).startswith("http://127.0.0.1:")
    with socket.socket(socket.AF_INET6) as probe:
        probe.bind(("::1", 0))
    with listening.listen("::1", 0) as listener:
        assert listening.url(listener).startswith("http://[::1]:")


def test_children_do_not_see_the_name_that_crewai_listens_to(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDIS_URL", "redis://somewhere")
    assert "REDIS_URL" not in clean_environment()


def test_help_is_there_for_every_command() -> None:
    for name in ("up", "api", "worker", "migrate", "doctor", "run"):
        result = CliRunner().invoke(app, [name, "--help"])
        assert result.exit_code == 0
        assert "Options:" in result.output


def test_help_imports_nothing_heavy() -> None:
    heavy = ("pydantic", "sqlalchemy", "fastapi", "rich", "celery")
    code = (
        "import sys\nfrom watchbill.cli.commands import app\n"
        f"print([name for name in {heavy} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.fixture
def flow(tmp_path: Path) -> Path:
    fields = [{"name": type_, "type": type_, "required": False} for type_ in TYPES]
    nodes = [
        {"id": "start", "type": "input", "config": {"fields": fields}},
        {"id": "done", "type": "output", "config": {"values": {"x": "{{ inputs.string }}"}}},
    ]
    definition = {"nodes": nodes, "edges": [{"id": "e", "source": "start", "target": "done"}]}
    file = tmp_path / "typed.json"
    file.write_text(json.dumps(definition))
    return file


def test_inputs_get_the_type_that_the_flow_declares(flow: Path, tmp_path: Path) -> None:
    more = tmp_path / "inputs.yaml"
    more.write_text("boolean: false\nobject: {a: 1}\n")
    workflow = read_workflow(flow, ["string=3 = three", "integer=3", "boolean=true", 'list=["a"]'], more)
    assert workflow.name == "typed"
    assert workflow.inputs == {
        "string": "3 = three",
        "integer": 3,
        "boolean": True,
        "list": ["a"],
        "object": {"a": 1},
    }
    assert workflow.outputs == ["x"]


@pytest.mark.parametrize(
    ("pair", "sentence"),
    [
        ("integer=three", "write it like integer=3"),
        ("list=a,b", r'write it like list=\["a", "b"\]'),
        ("integer=1.5", "must be a whole number"),
    ],
)
def test_an_input_of_the_wrong_type_shows_how_it_is_written(flow: Path, pair: str, sentence: str) -> None:
    with pytest.raises(NotRunnable, match=sentence):
        read_workflow(flow, [pair], None)


@pytest.mark.parametrize("text", ["[1, 2]", "a: [", "\0"])
def test_a_file_that_is_no_flow_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "flow.yaml"
    file.write_text(text)
    with pytest.raises(NotRunnable, match=r"flow\.yaml"):
        read_workflow(file, [], None)
