"""The controller of a search: it copies the trial, enqueues the copies and aborts those that take too long."""

from argparse import ArgumentParser

from clearml import Task
from clearml.automation import DiscreteParameterRange, HyperParameterOptimizer, LogUniformParameterRange, RandomSearch

task = Task.init(project_name="search", task_name="search", task_type=Task.TaskTypes.optimizer)

parser = ArgumentParser()
parser.add_argument("--trial", default="", help="id of the task to copy; the draft search/trial by default")
parser.add_argument("--queue", default="trials", help="the queue of the trials")
parser.add_argument("--strategy", default="random", choices=["random", "optuna"])
parser.add_argument("--trials", type=int, default=30)
parser.add_argument("--at_once", type=int, default=5, help="trials that wait or run at the same time")
parser.add_argument("--most_epochs", type=int, default=50, help="a trial that trains for more epochs is aborted")
parser.add_argument("--poll_seconds", type=float, default=30)
options = parser.parse_args()

if options.strategy == "optuna":
    from clearml.automation.optuna import OptimizerOptuna as Strategy
else:
    Strategy = RandomSearch

trial = options.trial or Task.get_task(project_name="search", task_name="trial", task_filter={"status": ["created"]}).id
optimizer = HyperParameterOptimizer(
    base_task_id=trial,
    hyper_parameters=[
        LogUniformParameterRange("Args/learning_rate", min_value=-4, max_value=0),
        DiscreteParameterRange("Args/units", values=[16, 32, 64]),
    ],
    objective_metric_title="validation",
    objective_metric_series="loss",
    objective_metric_sign="min_global",
    optimizer_class=Strategy,
    execution_queue=options.queue,
    max_number_of_concurrent_tasks=options.at_once,
    total_max_jobs=options.trials,
    min_iteration_per_job=min(5, options.most_epochs),
    max_iteration_per_job=options.most_epochs,
    pool_period_min=options.poll_seconds / 60,
)
optimizer.set_report_period(options.poll_seconds / 60)
optimizer.start()
optimizer.wait()
best = optimizer.get_top_experiments_details(top_k=3)
task.upload_artifact("best", best, wait_on_upload=True)
for place, one in enumerate(best, 1):
    print(f"Place {place}: task {one['task_id']} with {one['hyper_parameters']}")
optimizer.stop()
