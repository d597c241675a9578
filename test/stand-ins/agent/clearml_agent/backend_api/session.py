# A session with the server: logged in once, then one method that sends any request.
import base64
import http.client
import json
import os
import time
import urllib.error
import urllib.request

import requests

from .settings import read_settings

ANSWER_SECONDS = 60
RETRY_SECONDS = 2


class Response:
    """An answer, good or bad, with what the job script and the agent read of it."""

    def __init__(self, status_code, reason, text):
        self.status_code = status_code
        self.reason = reason
        self.ok = status_code < 400
        self._text = text

    def json(self):
        return json.loads(self._text)


class Session:
    def __init__(self, initialize_logging=True):
        self._settings = read_settings()
        self.host = self._settings["api_server"].rstrip("/")
        self._token = self._log_in()

    def send_request(self, service, action, json=None, data=None):
        """Sends it until there is an answer; `data` is text of JSON lines."""
        while True:
            try:
                return self._send(service, action, "Bearer " + self._token, json, data)
            except requests.RequestException:
                time.sleep(RETRY_SECONDS)

    def _log_in(self):
        keys = "%(access_key)s:%(secret_key)s" % self._settings
        authorization = "Basic " + base64.b64encode(keys.encode()).decode()
        attempts = int(os.environ.get("CLEARML_AGENT_INITIAL_CONNECT_RETRY_OVERRIDE") or 240)
        for attempt in range(attempts + 1):
            try:
                response = self._send("auth", "login", authorization)
                break
            except requests.RequestException:
                if attempt == attempts:
                    raise
                time.sleep(min(2**attempt, 60))
        if not response.ok:
            raise ValueError("%s did not accept our keys: error %d, %s" % (self.host, response.status_code, response.reason))
        return response.json()["data"]["token"]

    def _send(self, service, action, authorization, body=None, lines=None):
        request = urllib.request.Request(
            "%s/%s.%s" % (self.host, service, action),
            data=(json.dumps(body or {}) if lines is None else lines).encode(),
            headers={
                "Authorization": authorization,
                "Content-Type": "application/json" if lines is None else "application/json-lines",
            },
        )
        try:
            with urllib.request.urlopen(request, timeout=ANSWER_SECONDS) as answer:
                return Response(answer.status, answer.reason, answer.read().decode())
        except urllib.error.HTTPError as refusal:
            return Response(refusal.code, refusal.reason, refusal.read().decode())
        except (OSError, http.client.HTTPException) as problem:
            words = str(problem)
        # Out here, so that it has no context: the job script takes an error's context for what was really wrong.
        raise requests.RequestException("cannot reach %s: %s" % (self.host, words))
