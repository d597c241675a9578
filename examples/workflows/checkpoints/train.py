# A stand-in for a training: saves checkpoints, and continues from the last one when Slurm starts its job again.
import json
import os
import signal
import tempfile
import time

from clearml import OutputModel, Task

# In a second run of a task, the SDK adds the last iteration to each number that is reported, unless it gets another initial iteration.
# This training reports its own numbers. (On a workstation, 0 would continue the previous task.)
offset = False if Task.running_locally() else 0
task = Task.init("examples", "training with checkpoints", continue_last_task=offset)
# Output models go to the files server. For a task that runs by an agent, output_uri of Task.init does not select it.
task.output_uri = task.output_uri or True

# Without a directory, the checkpoints are output models of the task.
settings = task.connect({"iterations": 1000, "save_every": 50, "seconds": 0.1, "directory": "~/checkpoints"})
checkpoint = os.path.join(os.path.expanduser(settings["directory"]), task.id + ".json")
model = OutputModel(task=task, name="checkpoint")

is_time_short = False


def save_soon(_number, _frame):
    global is_time_short
    is_time_short = True


# Two minutes before the time limit. The handler only notes it: a checkpoint is saved between two iterations.
signal.signal(signal.SIGUSR1, save_soon)


def find_checkpoint():
    if settings["directory"]:
        return checkpoint if os.path.exists(checkpoint) else None
    # The newest first. A job that was killed during its first upload left a model without a file.
    copies = (saved.get_local_copy() for saved in reversed(task.models["output"]))
    return next((copy for copy in copies if copy), None)


def save(state):
    if settings["directory"]:
        os.makedirs(os.path.dirname(checkpoint), exist_ok=True)
        # A job that is killed while it writes leaves the previous file.
        with open(checkpoint + ".new", "w") as file:
            json.dump(state, file)
        os.replace(checkpoint + ".new", checkpoint)
    else:
        # Files of one name replace each other on the server, and the SDK returns an older one from its cache.
        with tempfile.TemporaryDirectory() as directory:
            path = os.path.join(directory, f"checkpoint-{state['iteration']}.json")
            with open(path, "w") as file:
                json.dump(state, file)
            model.update_weights(path, iteration=state["iteration"], auto_delete_file=False, async_enable=False)
    print("saved at iteration", state["iteration"], flush=True)


def report(iteration, loss):
    task.get_logger().report_scalar("loss", "training", loss, iteration)


state = {"iteration": 0, "loss": 1.0, "reported": []}
if newest := find_checkpoint():
    with open(newest) as file:
        state = json.load(file)
    print("continues after iteration", state["iteration"], flush=True)
    # The SDK sends scalars every few seconds; those that it still had are lost. A value that is reported again replaces the first.
    for iteration, loss in state["reported"]:
        report(iteration, loss)

while state["iteration"] < settings["iterations"]:
    time.sleep(settings["seconds"])
    state["iteration"] += 1
    state["loss"] *= 0.99
    state["reported"] = state["reported"][-999:] + [(state["iteration"], state["loss"])]
    report(state["iteration"], state["loss"])
    if is_time_short or state["iteration"] % settings["save_every"] == 0:
        if is_time_short:
            print("the time limit is near", flush=True)
        is_time_short = False
        save(state)

save(state)
print("ended with a loss of", state["loss"], flush=True)
