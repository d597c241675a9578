"""A pipeline of three steps. Each runs as a Slurm job, with the template of its queue."""

from argparse import ArgumentParser

from clearml import PipelineController


def prepare(size):
    """Its result is an artifact, which the next step downloads. The step is skipped while its code and size are the same."""
    return [(x, 3 * x + 1) for x in range(size)]


def train(rows, fail_once):
    """Fits a line. With `fail_once`, it fails unless this file exists, and creates it, as if a node had broken."""
    import os

    print("GPUs of this step:", os.environ.get("CUDA_VISIBLE_DEVICES"))
    if fail_once and not os.path.exists(fail_once):
        open(fail_once, "x").close()
        raise RuntimeError("this attempt fails")
    mean_x = sum(x for x, _ in rows) / len(rows)
    mean_y = sum(y for _, y in rows) / len(rows)
    slope = sum((x - mean_x) * (y - mean_y) for x, y in rows) / sum((x - mean_x) ** 2 for x, _ in rows)
    return {"slope": slope, "intercept": mean_y - slope * mean_x}


# User properties of the steps, which their templates read.
PROPERTIES = {"prepare": {"cpus": "4"}, "train": {"gpus": "2"}}


def set_properties(pipeline, node, parameters):
    """Called with the task of each step before it is enqueued."""
    if node.name in PROPERTIES:
        node.job.task.set_user_properties(**PROPERTIES[node.name])


parser = ArgumentParser()
parser.add_argument("--size", type=int, default=100)
parser.add_argument("--fail_once", default="", help="a file on a shared file system: shows a retry")
parser.add_argument("--controllers", default="controllers", help="the queue of the pipeline")
parser.add_argument("--cpu", default="cpu", help="the queue of the steps without GPUs")
parser.add_argument("--gpu", default="gpu", help="the queue of the step with GPUs")
options = parser.parse_args()

pipeline = PipelineController(name="line", project="pipelines", version="1.0")
pipeline.add_function_step(
    "prepare",
    prepare,
    function_kwargs={"size": options.size},
    function_return=["rows"],
    execution_queue=options.cpu,
    cache_executed_step=True,
)
pipeline.add_function_step(
    "train",
    train,
    function_kwargs={"rows": "${prepare.rows}", "fail_once": options.fail_once},
    function_return=["model"],
    execution_queue=options.gpu,
    retry_on_failure=1,
)
pipeline.add_step(
    "evaluate",
    parents=["train"],
    base_task_project="pipelines",
    base_task_name="evaluate",
    parameter_override={"Args/trained_by": "${train.id}"},
    execution_queue=options.cpu,
)
# On the login node, this enqueues the controller and ends; in the job of the controller, it runs the steps.
pipeline.start(queue=options.controllers, step_task_created_callback=set_properties)
