# One task as the agent tells the server about it, by the calls that the real clearml-agent makes.
import json
import os
import socket
import time


class ReportedTask:
    def __init__(self, session, task_id):
        self._session = session
        self.id = task_id
        self.worker = os.environ.get("CLEARML_WORKER_ID") or socket.gethostname() + ":0"
        rank = int(os.environ.get("RANK") or os.environ.get("SLURM_PROCID") or 0)
        self._is_first = rank == 0
        shows_rank = int(os.environ.get("CLEARML_MULTI_NODE_SINGLE_TASK") or -1) > 0
        self._rank_line = "" if self._is_first or not shows_rank else "\033[38;5;%dmRANK %d:\033[0m\n" % (20 + rank % 210, rank)
        self._rank_text = "" if self._is_first else " - rank %d" % rank
        self._last_timestamp = 0

    def read(self):
        """The whole task; raises ValueError when there is none."""
        response = self._call("tasks.get_by_id", {"task": self.id})
        if not response.ok:
            raise ValueError("Could not find task id=%s (for host: %s)" % (self.id, self._session.host))
        return response.json()["data"]["task"]

    def take(self):
        """Whether the server lets us begin: the task was queued, or begun before by an agent that is gone."""
        response = self._call("tasks.dequeue", {"task": self.id, "new_status": "in_progress"})
        return response.ok and response.json()["data"].get("updated", 0) >= 1

    def begin(self):
        """Sets the status as often as the real agent, whose inner agent does it again. Each call overwrites an abort."""
        self._start_soon()
        self.report_worker()
        if self._is_first:
            self._call("tasks.started", {"task": self.id, "force": True, "status_message": "launch by agent"})
        if self.take():
            self._start_soon()
        self._change("started", "worker started execution", force=True)

    def begin_program(self):
        self._change("started", "worker starting task execution", force=True)

    def _start_soon(self):
        # Like the real agent, without the worker's name: only its report names it.
        self._call(
            "tasks.started",
            {"task": self.id, "force": True, "status_reason": "starting execution soon", "status_message": ""},
        )

    def report_worker(self):
        self._call(
            "workers.status_report",
            {"worker": self.worker, "task": self.id, "timestamp": int(time.time() * 1000), "is_daemon": False},
        )

    def ping(self):
        self._call("tasks.ping", {"task": self.id})

    def say(self, text, level="DEBUG"):
        """Writes it into the task's console, and to standard output, which is the log of the job."""
        if not text:
            return
        print(text, end="" if text.endswith("\n") else "\n", flush=True)
        # Lines of the same millisecond have no order on the server.
        self._last_timestamp = max(int(time.time() * 1000), self._last_timestamp + 1)
        event = {
            "type": "log",
            "level": level,
            "task": self.id,
            "worker": self.worker,
            "msg": text,
            "timestamp": self._last_timestamp,
        }
        self._session.send_request("events", "add_batch", data=json.dumps(event) + "\n")

    def say_output(self, text):
        """Writes what the task's program said, with the rank before it where there are several nodes."""
        if text:
            self.say(self._rank_line + text)

    def stop_reason(self):
        """Why the task must stop, as the message of the real agent, or None."""
        response = self._call(
            "tasks.get_all", {"id": [self.id], "search_hidden": True, "only_fields": ["status", "status_message"]}
        )
        if not response.ok:
            return None
        found = response.json()["data"]["tasks"]
        if not found:
            return "(5) not_found"
        status = found[0]["status"]
        if status == "in_progress":
            return "(1) stopped" if "stopping" in (found[0].get("status_message") or "") else None
        return {"created": "(2) reset", "failed": "(4) exception", "completed": None}.get(status, "(3) status_changed")

    def end(self, code):
        """Reports the end of the task's program: its exit code, negative for the signal that ended it."""
        if code == 0:
            self._end_with("completed", "Process completed successfully", "worker execution done")
        else:
            self._end_with(
                "failed", "Process failed, exit code %d" % code, "worker execution exit code %d" % code
            )

    def end_terminated(self):
        self._end_with("stopped", "Process terminated by user", "user abort")

    def end_aborted(self):
        self.say("Process aborted by user")
        self._change("stopped", "task was stopped by tasks.stop")

    def leave(self):
        self.report_worker()
        self._call("workers.unregister", {"worker": self.worker, "queues": []})

    def _end_with(self, status, text, reason):
        self.say(text + self._rank_text)
        # The first of several nodes speaks for all.
        if self._is_first:
            self._change(status, reason)

    def _change(self, action, reason, force=False):
        response = self._call(
            "tasks." + action,
            {
                "task": self.id,
                "force": force,
                "status_reason": reason,
                "status_message": "Changed by clearml-agent %s" % self.worker,
            },
        )
        if not response.ok:
            print("Warning: could not update task id '%s' status to %s" % (self.id, action), flush=True)

    def _call(self, endpoint, body):
        service, action = endpoint.split(".")
        return self._session.send_request(service, action, json=body)
