# Where the server is and who we are: the environment, else clearml.conf, of which only these three values are read.
import os
import re

NAMES = {
    "api_server": "CLEARML_API_HOST",
    "access_key": "CLEARML_API_ACCESS_KEY",
    "secret_key": "CLEARML_API_SECRET_KEY",
}


def read_settings():
    """The three values by the names they have in clearml.conf; raises ValueError when one is missing."""
    file = os.path.expanduser(os.environ.get("CLEARML_CONFIG_FILE") or "~/clearml.conf")
    text = ""
    if os.path.exists(file):
        with open(file, encoding="utf-8") as conf:
            text = conf.read()
    settings = {name: os.environ.get(variable) or find_value(text, name) for name, variable in NAMES.items()}
    missing = [name for name, value in settings.items() if not value]
    if missing:
        raise ValueError("%s names no %s" % (file, ", no ".join(missing)))
    return settings


def find_value(text, name):
    """The value of a key that is written on one line, quoted or not."""
    found = re.search(r'^(?!\s*(?:#|//)).*?\b%s"?\s*[:=]\s*(?:"([^"\n]*)"|([^\s,}"]+))' % name, text, re.MULTILINE)
    return (found.group(1) or found.group(2)) if found else None
