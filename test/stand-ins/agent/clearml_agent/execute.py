# What `execute` does: takes the task, runs its script, reports what happens, and ends as the script did.
import os
import signal
import socket
import time

from .backend_api.session import Session
from .reported_task import ReportedTask
from .script import Script, ScriptRefused

GREETING = (
    "This is the stand-in for clearml-agent that comes with clearml-agent-slurm, on {host}: "
    "it runs inline scripts only, with the Python that is there, and installs nothing.\n"
)
REPORT_SECONDS = 30
PING_SECONDS = 60


class Terminated(BaseException):
    """Raised by SIGTERM, wherever we are."""


def execute(task_id, must_be_queued):
    """Returns the exit code; raises ValueError, without changes, when the task cannot be started."""
    task = ReportedTask(Session(), task_id)
    document = task.read()
    is_taken = task.take()
    if must_be_queued and not is_taken:
        raise ValueError("Execution required enqueued task, but task id=%s is not queued." % task_id)

    script = None
    signal.signal(signal.SIGTERM, raise_terminated)
    try:
        task.begin()
        task.say(GREETING.format(host=socket.gethostname()))
        task.begin_program()
        script = Script(document)
        code = watch(task, script)
    except ScriptRefused as problem:
        task.say("clearml_agent: ERROR: %s\n" % problem)
        task.end(1)
        code = 1
    except Terminated:
        if script:
            script.kill()
            task.say_output(script.new_output())
        task.end_terminated()
        task.leave()
        return 1
    task.leave()
    return code % 256 if os.environ.get("CLEARML_AGENT_PROPAGATE_EXITCODE") == "1" else 0


def watch(task, script):
    """Follows the script to its end, or ends it when the server says so. Returns its exit code, 0 after an abort."""
    poll_seconds = float(os.environ.get("CLEARML_AGENT_QUEUE_POLL_FREQ_SEC") or 5)
    report_at = time.monotonic() + 3
    ping_at = 0.0
    while True:
        code = script.wait(poll_seconds)
        task.say_output(script.new_output())
        if code is not None:
            task.end(code)
            return code
        reason = task.stop_reason()
        if reason:
            task.say("User aborted: stopping task %s" % reason, level="ERROR")
            script.kill()
            if reason == "(1) stopped":
                task.end_aborted()
            return 0
        now = time.monotonic()
        if now >= report_at:
            task.report_worker()
            report_at = now + REPORT_SECONDS
        if now >= ping_at:
            task.ping()
            ping_at = now + PING_SECONDS


def raise_terminated(_number, _frame):
    # A second one must not interrupt what we tell the server because of the first.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise Terminated()
