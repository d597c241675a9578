"""One trial: a toy training that reports validation/loss after each epoch."""

import math
import time
from argparse import ArgumentParser

from clearml import Task

task = Task.init(project_name="search", task_name="trial")

# The search changes these arguments in the copies of this task.
parser = ArgumentParser()
parser.add_argument("--learning_rate", type=float, default=0.1)
parser.add_argument("--units", type=int, default=16)
parser.add_argument("--epochs", type=int, default=20)
parser.add_argument("--epoch_seconds", type=float, default=1.0)
options = parser.parse_args()

for epoch in range(options.epochs):
    # Report the first value early: until then, the Optuna search asks the ClearML server for it without a pause.
    loss = (math.log10(options.learning_rate) + 2) ** 2 + abs(options.units - 32) / 32 + 1 / (epoch + 1)
    task.get_logger().report_scalar("validation", "loss", value=loss, iteration=epoch)
    time.sleep(options.epoch_seconds)
