"""A step that is a task by itself: it reads the model of another task."""

from argparse import ArgumentParser

from clearml import Task

task = Task.init(project_name="pipelines", task_name="evaluate")
parser = ArgumentParser()
parser.add_argument("--trained_by", default="", help="id of the task with the artifact `model`")
options = parser.parse_args()

model = Task.get_task(task_id=options.trained_by).artifacts["model"].get()
print("The line is", round(model["slope"], 6), "x +", round(model["intercept"], 6))
task.get_logger().report_single_value("slope", model["slope"])
