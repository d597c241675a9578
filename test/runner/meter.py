# Runs a program to its end and writes to descriptor 4 how much processor time it and all that it started used, in milliseconds.
# SIGTERM, a signal that ends the program, such as that of Ctrl-C, and the death of our parent end the program and all that it started.
import ctypes
import os
import resource
import signal
import sys

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
REPORT = 4

prctl = ctypes.CDLL(None).prctl
# What daemons leave behind becomes our child instead of init's, and its time is counted too (prctl(2)).
prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
# Ctrl-C and a terminal that is closed reach the program itself.
FOR_PROGRAM = (signal.SIGINT, signal.SIGHUP)
for name in FOR_PROGRAM:
    signal.signal(name, signal.SIG_IGN)
program = os.fork()
if program == 0:
    # A signal to this process is meant for the program.
    prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    for name in FOR_PROGRAM:
        signal.signal(name, signal.SIG_DFL)
    os.set_inheritable(REPORT, False)
    os.execvp(sys.argv[1], sys.argv[1:])



def children():
    for entry in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{entry}/stat") as stat:
                parent = stat.read().rpartition(")")[2].split()[1]
        except OSError:
            continue
        if int(parent) == os.getpid():
            yield int(entry)


def end_all(*_):
    global is_ended
    is_ended = True
    os.kill(program, signal.SIGKILL)


is_ended = False
signal.signal(signal.SIGTERM, end_all)
status = None
while status is None:
    child, ended = os.wait()
    if child == program:
        status = ended
# After a signal, no hook has ended what the tests started. The children of those that end become ours.
while (is_ended or not os.WIFEXITED(status)) and (left := list(children())):
    for child in left:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
try:
    os.write(REPORT, b"%d" % ((used.ru_utime + used.ru_stime) * 1000))
except BrokenPipeError:
    pass  # Our parent is dead.
os._exit(os.WEXITSTATUS(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status))
