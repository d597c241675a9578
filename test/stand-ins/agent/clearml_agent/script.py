# The script of a task, written to a file and run as a separate process, with its output in another file.
import codecs
import json
import os
import signal
import subprocess
import sys
import tempfile

SHELLS = ("sh", "bash")


class ScriptRefused(Exception):
    """Raised for a task that only the real agent can run."""


class Script:
    def __init__(self, document):
        """Starts it. `document` is the task as the server describes it."""
        script = document.get("script") or {}
        text = script.get("diff") or ""
        if script.get("repository") or not text or text.startswith("diff "):
            raise ScriptRefused("this stand-in runs inline scripts only, and the task has its code in a git repository")
        folder = os.path.join(venvs_folder(), "code")
        os.makedirs(folder, exist_ok=True)
        name = os.path.basename((script.get("entry_point") or "").split(" ")[0]) or "script.py"
        path = os.path.join(folder, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        binary = os.path.basename(script.get("binary") or "")
        command = [binary, path] if binary in SHELLS else [sys.executable, "-u", path]
        output = os.path.join(folder, "output.txt")
        with open(output, "wb") as file:
            self._process = subprocess.Popen(
                command,
                cwd=folder,
                env=environment(document["id"]),
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._output = open(output, "rb")
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")

    def wait(self, seconds):
        """Its exit code, negative for a signal, or None when it still runs after that time."""
        try:
            return self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None

    def new_output(self):
        """What it wrote since the last time."""
        return self._decoder.decode(self._output.read())

    def kill(self):
        """Ends it with everything that it started."""
        try:
            os.killpg(self._process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self._process.wait()


def venvs_folder():
    """The folder that the job made for this agent: its variable is HOCON, a bare or a quoted string."""
    value = os.environ.get("CLEARML_AGENT__AGENT__VENVS_DIR")
    if not value:
        return tempfile.mkdtemp(prefix="clearml-agent-")
    return json.loads(value) if value.startswith('"') else value


def environment(task_id):
    """Ours, without the way to this stand-in, and with what every task of the real agent finds."""
    own = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    folders = [folder for folder in os.environ.get("PYTHONPATH", "").split(os.pathsep) if folder not in ("", own)]
    found = {**os.environ, "CLEARML_TASK_ID": task_id, "CLEARML_LOG_TASK_TO_BACKEND": "0"}
    found.pop("PYTHONPATH", None)
    return {**found, "PYTHONPATH": os.pathsep.join(folders)} if folders else found
