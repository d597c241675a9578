"""Runs JupyterLab in the job of this task, until it is idle for a while, and prints how to reach it through the login node."""

import json
import os
import secrets
import socket
import subprocess
import sys
import time
from argparse import ArgumentParser
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

from clearml import Task

task = Task.init(project_name="notebooks", task_name="notebook", task_type=Task.TaskTypes.application)
parser = ArgumentParser()
parser.add_argument("--login_node", default="LOGIN-NODE", help="as you call it in ssh")
parser.add_argument("--idle_minutes", type=float, default=60, help="the job ends when it is idle for so long")
options = parser.parse_args()

# The console shows every ClearML user what it prints, and the token is as good as your password: it goes into a file of yours.
token = secrets.token_urlsafe(32)
token_file = Path.home() / f".clearml-notebook-{task.id}"
token_file.touch(mode=0o600)
token_file.write_text(token + "\n")

# Servers that start on one node at the same moment would choose the same port.
first_port = 8888 + int(os.environ.get("SLURM_JOB_ID", "0")) % 1000
idle_seconds = max(1, round(60 * options.idle_minutes))
with TemporaryDirectory() as runtime:
    server = subprocess.Popen(
        [sys.executable, "-m", "jupyterlab" if find_spec("jupyterlab") else "jupyter_server"]
        + ["--no-browser", "--ip=0.0.0.0", "--allow-root", f"--port={first_port}", "--ServerApp.port_retries=1000"]
        # The directory in which the agent runs the task ends with the job, and all that is saved there.
        + [f"--ServerApp.root_dir={Path.home()}"]
        + [f"--ServerApp.shutdown_no_activity_timeout={idle_seconds}"]
        + [f"--MappingKernelManager.cull_idle_timeout={idle_seconds}", "--MappingKernelManager.cull_connected=True"]
        + [f"--TerminalManager.cull_inactive_timeout={idle_seconds}"],
        env={**os.environ, "JUPYTER_TOKEN": token, "JUPYTER_RUNTIME_DIR": runtime},
    )
    # The server writes the port that it got into a file, which is empty at first.
    port = None
    while port is None and server.poll() is None:
        time.sleep(0.2)
        for info in Path(runtime).glob("jpserver-*.json"):
            try:
                port = json.loads(info.read_text())["port"]
            except ValueError:
                pass
    if port is not None:
        print("On your machine, run:", f"ssh -N -L 8888:{socket.gethostname()}:{port} {options.login_node}")
        print("Then open http://localhost:8888 with the token that this prints:", f"ssh {options.login_node} cat {token_file}")
    exit_code = server.wait()
token_file.unlink()
sys.exit(exit_code)
