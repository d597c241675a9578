"""The agent's own reading of a clearml.conf: `text` prints the file that its init writes, a number N times N readings of standard input."""

import json
import pathlib
import sys
import time

import clearml_agent
from clearml_agent.external.pyhocon import ConfigFactory

API = """api {
    web_server: https://app.example.org
    api_server: https://api.example.org
    files_server: https://files.example.org
    credentials { "access_key" = "KEY", "secret_key" = "SECRET" }
}
"""


def written_by_init():
    defaults = pathlib.Path(clearml_agent.__file__).parent / "backend_api" / "config" / "default"
    return API + "".join(name + " " + (defaults / (name + ".conf")).read_text() + "\n" for name in ("agent", "sdk"))


def seconds_to_parse(text):
    began = time.perf_counter()
    ConfigFactory.parse_string(text)
    return time.perf_counter() - began


if sys.argv[1] == "text":
    print(written_by_init(), end="")
else:
    content = sys.stdin.read()
    first, *later = (1000 * seconds_to_parse(content) for _ in range(int(sys.argv[1])))
    print(json.dumps({"first": first, "later": later}))
