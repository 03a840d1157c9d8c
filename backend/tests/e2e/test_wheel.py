"""The wheel in an empty virtual environment, without Node: it starts, serves the UI, and runs an example."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.e2e.running import command, new_folder, running

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900), pytest.mark.xdist_group("wheel")]
ROOT = Path(__file__).parents[3]


def _pythons() -> dict[str, str]:
    """An interpreter for each of 3.11 and 3.12 that is here; at least the one that runs the tests."""
    found = {
        f"{sys.version_info[0]}.{sys.version_info[1]}": str(getattr(sys, "_base_executable", sys.executable))
    }
    for version in ("3.11", "3.12"):
        installed = sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin/python"))
        on_path = shutil.which(f"python{version}")
        for candidate in (*map(str, installed), *([on_path] if on_path else [])):
            asked = [candidate, "-c", "import ensurepip, sys; print(*sys.version_info[:2], sep='.')"]
            said = subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip()
            if said == version:
                found.setdefault(version, candidate)
    return found


PYTHONS = _pythons()


@pytest.fixture(scope="module")
def wheel() -> Iterator[Path]:
    """The wheel, built from this checkout; the user interface must be built already, as `make test` does."""
    with tempfile.TemporaryDirectory() as folder:
        build = [sys.executable, "-m", "build", "--no-isolation", "--wheel", "--outdir", folder, str(ROOT)]
        done = subprocess.run(build, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        (built,) = Path(folder).glob("*.whl")
        yield built


@pytest.mark.parametrize("version", PYTHONS)
def test_installs_starts_and_runs_without_node(wheel: Path, version: str) -> None:
    with new_folder() as folder:
        python = _install(wheel, PYTHONS[version], folder / "venv")
        # useradd is in sbin, and Node never is.
        path = f"{python.parent}:/usr/sbin:/sbin"
        environment = {"PATH": path, "HOME": str(folder), "LANG": "C.UTF-8"}
        assert shutil.which("node", path=path) is None
        with running(folder, python=str(python), environment=environment) as stack:
            page = httpx.get(stack.url)
            assert page.status_code == 200
            assert "<title>" in page.text
            form = {"email": "ann@example.com", "password": "correct horse battery", "tenant_name": "Ann's"}
            assert httpx.post(f"{stack.url}/api/v1/auth/register", json=form).status_code == 201
            file = ROOT / "examples" / "research-brief.yaml"
            given = ["--input", "topic=tides", "--json", "--data-dir", str(stack.data.path)]
            done = command(["run", str(file), *given], folder, python=str(python), environment=environment)
            assert done.returncode == 0, done.stdout[-2000:] + done.stderr
            result = json.loads(done.stdout.splitlines()[-1])
            assert result["status"] == "completed"
            assert "tides" in result["outputs"]["brief"].lower()
            assert stack.end() == 0


def _install(wheel: Path, python: str, venv: Path) -> Path:
    uv = str(Path(sys.executable).with_name("uv"))
    locked = str(ROOT / "requirements" / "worker.txt")
    install = ["pip", "install", "--system-certs", "--python", str(venv), "--constraint", locked, str(wheel)]
    for step in (["venv", "--quiet", "--python", python, str(venv)], install):
        done = subprocess.run([uv, *step], capture_output=True, text=True, env=dict(os.environ), check=False)
        assert done.returncode == 0, done.stderr
    return venv / "bin" / "python"
