"""Attempts to get out of the sandbox, or to hurt whoever runs it. One that gets anywhere returns what it got,
which is true; one that is kept in returns nothing, fails, or hits a limit.

Paths are those that an attacker tries, of no machine in particular, and sleeps happen inside the sandbox."""

from __future__ import annotations

from collections.abc import Iterator

READ = "def run():\n    with open({path!r}, 'rb') as file:\n        return 'read ' + repr(file.read(40))\n"
LIST = "import os\ndef run(): return os.listdir({path!r})\n"
LINES = "{imports}\ndef run():\n{body}\n"


def _lines(body: str, imports: str = "import os, sys") -> str:
    return LINES.format(imports=imports, body="\n".join(f"    {line}" for line in body.splitlines()))


def _files() -> Iterator[tuple[str, str]]:
    for path in (
        "/etc/passwd",
        "/etc/shadow",
        "/etc/hostname",
        "/root/.ssh/id_rsa",
        "/proc/self/environ",
        "/proc/1/environ",
        "/proc/self/maps",
        "/proc/self/mem",
        "/proc/kcore",
        "/sys/kernel/notes",
        "/dev/mem",
        "/dev/sda",
        "/var/run/docker.sock",
        "/run/secrets/kubernetes.io/serviceaccount/token",
        "../../../../../../etc/passwd",
        "//etc//passwd",
        "/proc/self/root/etc/passwd",
        "/proc/self/cwd/../../etc/passwd",
    ):
        yield f"reads {path}", READ.format(path=path)
    for path in ("/home", "/root", "/proc/self/fd", "/var/lib"):
        yield f"lists {path}", LIST.format(path=path)
    yield "writes a file to be found", _lines("open('/left', 'w').write('x')\nreturn 'written'")
    yield "climbs by a symbolic link", _lines("os.symlink('/etc', '/link')\nreturn os.listdir('/link')")
    yield "opens by a descriptor", _lines("return [os.read(n, 10) for n in range(3, 20)]")
    yield "makes a device", _lines("os.mknod('/sda', 0o60600, os.makedev(8, 0))\nreturn 'made'")
    yield (
        "climbs out of an archive",
        _lines(
            "made = io.BytesIO()\nwith tarfile.open(fileobj=made, mode='w') as tar:\n"
            "    info = tarfile.TarInfo('../../etc/evil'); info.size = 1\n"
            "    tar.addfile(info, io.BytesIO(b'x'))\nmade.seek(0)\n"
            "tarfile.open(fileobj=made).extractall('/', filter='fully_trusted')\nreturn 'climbed'",
            "import io, tarfile",
        ),
    )
    yield (
        "changes the mode of a file",
        _lines("os.chmod('/etc/passwd', 0o777)\nreturn os.stat('/etc/passwd').st_mode"),
    )
    yield "takes a file's owner", _lines("os.chown('/etc', 0, 0)\nreturn 'owner'")
    yield "follows a glob", _lines("return glob.glob('/etc/*')", "import glob")
    yield "maps memory of a file", _lines("return mmap.mmap(0, 10)[:3]", "import mmap")


def _network() -> Iterator[tuple[str, str]]:
    connect = "s = socket.create_connection({place}, timeout=1)\nreturn 'connected'"
    for name, place in (
        ("the metadata service", ("169.254.169.254", 80)),
        ("the database", ("127.0.0.1", 5432)),
        ("Redis", ("127.0.0.1", 6379)),
        ("the API", ("127.0.0.1", 8000)),
        ("IPv6 loopback", ("::1", 80)),
        ("everybody", ("0.0.0.0", 80)),
    ):
        yield f"connects to {name}", _lines(connect.format(place=place), "import socket")
    unix = "s = socket.socket(socket.AF_UNIX); s.connect('/var/run/docker.sock')\nreturn 'connected'"
    yield "connects to a socket of the machine", _lines(unix, "import socket")
    yield "resolves a name", _lines("return socket.getaddrinfo('localhost', 80)", "import socket")
    yield (
        "listens",
        _lines("s = socket.socket(); s.bind(('', 0)); s.listen()\nreturn 'listens'", "import socket"),
    )
    raw = "socket.socket(socket.AF_PACKET, socket.SOCK_RAW)\nreturn 'raw'"
    yield "opens a raw socket", _lines(raw, "import socket")
    fetch = "return urllib.request.urlopen('http://127.0.0.1:8000/').read(10)"
    yield "fetches a page", _lines(fetch, "import urllib.request")
    yield (
        "fetches a file as a page",
        _lines("return urllib.request.urlopen('file:///etc/passwd').read(10)", "import urllib.request"),
    )
    yield (
        "asks by HTTP",
        _lines(
            "c = http.client.HTTPConnection('127.0.0.1', 8000); c.request('GET', '/')\n"
            "return c.getresponse().status",
            "import http.client",
        ),
    )
    yield (
        "resolves an entity of XML",
        _lines(
            "t = '<!DOCTYPE x [<!ENTITY e SYSTEM \"file:///etc/passwd\">]><x>&e;</x>'\n"
            "return ET.fromstring(t).text",
            "import xml.etree.ElementTree as ET",
        ),
    )


def _processes() -> Iterator[tuple[str, str]]:
    for name, body in (
        ("starts a shell", "return os.system('id') == 0"),
        ("starts a program", "return os.popen('id').read()"),
        ("replaces itself", "os.execv('/bin/sh', ['sh', '-c', 'id'])\nreturn 'replaced'"),
        ("spawns", "return os.posix_spawn('/bin/sh', ['sh'], {})"),
        ("forks", "return os.fork() >= 0"),
        ("forks without end", "while True: os.fork()"),
        ("kills its parent", "os.kill(os.getppid(), 9)\nreturn 'killed'"),
        ("kills process one", "os.kill(1, 9)\nreturn 'killed'"),
        ("kills everything", "os.kill(-1, 9)\nreturn 'killed'"),
        ("becomes root", "os.setuid(0)\nreturn 'root'"),
        ("changes its root", "os.chroot('/')\nreturn 'rooted'"),
        ("leaves its namespaces", "os.unshare(0x10000000)\nreturn 'left'"),
        (
            "raises its limits",
            "import resource\nresource.setrlimit(resource.RLIMIT_AS, (-1, -1))\nreturn 'raised'",
        ),
        ("is first of all", "os.nice(-20)\nreturn 'first'"),
        ("takes a signal", "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nreturn 'ignored'"),
    ):
        yield name, _lines(body)
    yield "starts by subprocess", _lines("return subprocess.check_output('id')", "import subprocess")
    yield (
        "starts by multiprocessing",
        _lines(
            "p = multiprocessing.Process(target=print); p.start(); p.join()\nreturn 'started'",
            "import multiprocessing",
        ),
    )
    for name, body in (
        ("calls C by ctypes", "return ctypes.CDLL(None).getpid()"),
        ("traces a process", "return ctypes.CDLL(None).ptrace(16, 1, 0, 0) == 0"),
        ("mounts", "return ctypes.CDLL(None).mount(b'x', b'/', b'tmpfs', 0, 0) == 0"),
        ("reads memory anywhere", "return ctypes.string_at(4096, 8)"),
    ):
        yield name, _lines(body, "import ctypes")
    yield "loads a library", _lines("import _ctypes\nreturn _ctypes.dlopen('libc.so.6', 2)")
    yield (
        "unpickles a command",
        _lines(
            "class E:\n    def __reduce__(self): return (os.system, ('id',))\n"
            "return pickle.loads(pickle.dumps(E())) == 0",
            "import os, pickle",
        ),
    )


def _surroundings() -> Iterator[tuple[str, str]]:
    yield (
        "reads the environment",
        _lines(
            "names = ('WATCHBILL', 'SECRET', 'KEY', 'PASS', 'TOKEN', 'URL')\n"
            "return {k: v for k, v in os.environ.items() if any(n in k for n in names)}"
        ),
    )
    yield "imports Watchbill", _lines("import watchbill\nreturn watchbill.__file__")
    yield "imports what Watchbill uses", _lines("import sqlalchemy\nreturn 'imported'")
    yield (
        "finds Watchbill among objects",
        _lines(
            "return [repr(o)[:99] for o in gc.get_objects() if 'watchbill' in type(o).__module__.lower()]",
            "import gc",
        ),
    )
    yield (
        "looks through its callers' variables",
        _lines(
            "frame, found = sys._getframe(), []\nwhile frame := frame.f_back:\n"
            "    found += [n for n in frame.f_locals if 'secret' in n or 'token' in n or 'database' in n]\n"
            "return found"
        ),
    )
    yield (
        "looks for other tenants in modules",
        _lines(
            "theirs = ('watchbill', 'asyncpg', 'redis', 'wasmtime')\n"
            "return [n for n in sys.modules if n.partition('.')[0] in theirs]"
        ),
    )
    yield (
        "walks up from an object",
        _lines(
            "return [c.__name__ for c in object.__subclasses__() if c.__module__.startswith('watchbill')]"
        ),
    )


def _floods() -> Iterator[tuple[str, str]]:
    for name, body in (
        ("never ends", "while True: pass"),
        ("never ends in C", "return sum(iter(int, 1))"),
        ("never ends in a pattern", "import re\nreturn re.match('(a|a)*$', 'a' * 60 + 'b')"),
        ("never ends in a number", "return str(10 ** (10 ** 9))"),
        ("sleeps for years", "import time\ntime.sleep(10 ** 9)"),
        ("never ends in an iterator", "import itertools\nreturn max(itertools.count())"),
        (
            "never ends in sorting",
            "class S:\n    def __lt__(self, o):\n        while True: pass\nreturn sorted([S(), S()])",
        ),
        ("takes all memory in a list", "x = []\nwhile True: x.append(bytearray(10 ** 6))"),
        ("takes all memory at once", "return len(bytearray(2 ** 31 - 1))"),
        ("takes all memory by doubling", "x = 'x'\nwhile True: x += x"),
        ("takes all memory in a dictionary", "d = {}\nwhile True: d[len(d)] = [0] * 1000"),
        ("prints without end", "while True: print('x' * 1000)"),
        ("prints a gigabyte at once", "print('x' * 10 ** 8)\nreturn None"),
        ("writes errors without end", "while True: sys.stderr.write('x' * 1000)"),
        ("gives a huge output", "return 'x' * 10 ** 7"),
        ("gives a deep output", "x = []\nfor _ in range(10 ** 5): x = [x]\nreturn x"),
        ("gives an output without end", "x = []\nx.append(x)\nreturn x"),
        ("calls itself without end", "def f(): return f() + 1\nreturn f()"),
        (
            "calls itself with a higher limit",
            "sys.setrecursionlimit(10 ** 9)\ndef f(): return f() + 1\nreturn f()",
        ),
        ("nests what is compiled", "return eval('(' * 10 ** 5 + ')' * 10 ** 5)"),
        (
            "unpacks a bomb",
            "import zlib\nx = zlib.compress(b'0' * 10 ** 7)\nreturn len(zlib.decompress(x * 1)) * 0",
        ),
        ("multiplies XML", _XML),
        (
            "hides from a time-out",
            "while True:\n    try:\n        while True: pass\n    except BaseException: pass",
        ),
        (
            "hides in a finaliser",
            "class F:\n    def __del__(self):\n        while True: pass\nF()\nreturn None",
        ),
        ("raises without end", "while True:\n    try: raise ValueError\n    except ValueError: continue"),
        ("collects garbage without end", "import gc\nwhile True: gc.collect()"),
        (
            "waits for a thread",
            "import threading\nt = threading.Thread(target=lambda: 1); t.start(); return 'thread'",
        ),
    ):
        yield name, _lines(body)


_XML = (
    "import xml.etree.ElementTree as ET\n"
    "d = ''.join(f'<!ENTITY e{n + 1} \"{(\"&e%d;\" % n) * 10}\">' for n in range(9))\n"
    "return ET.fromstring('<!DOCTYPE x [<!ENTITY e0 \"lol\">' + d + ']><x>&e9;</x>').text[:1]"
)


def _channels() -> Iterator[tuple[str, str]]:
    yield (
        "answers in the host's stead",
        _lines('sys.stdout.write(\'{"output": "forged"}\\n\')\nsys.stdout.flush()\nreturn None'),
    )
    yield (
        "replaces what writes its answer",
        _lines(
            'json.dumps = lambda *a, **k: \'{"output": 1, "tier": "docker", "failure": null\'\nreturn None',
            "import json",
        ),
    )
    for said in ("no JSON", "[]", '{"output": 1, "failure": 2}', '{"failure": 7, "message": {}}', "\\x00"):
        yield (
            f"makes the interpreter say {said}",
            _lines(f"json.dumps = lambda *a, **k: {said!r}\nraise ValueError", "import json"),
        )
    yield "answers with a frame of its own", _lines("os.write(1, b'\\x00\\x00\\x00\\x05gtrue')\nreturn None")
    yield "speaks to the host with half a character", _lines("print('\\ud800')\nreturn None")
    yield "speaks to the host with a NUL", _lines("print('\\x00' * 10)\nreturn None")
    yield (
        "leaves something for the next call",
        _lines("import builtins\nbuiltins.print = None\nopen('/tmp/left', 'w').write('x')\nreturn 'left'"),
    )


ESCAPES: dict[str, str] = dict(
    (*_files(), *_network(), *_processes(), *_surroundings(), *_floods(), *_channels())
)
