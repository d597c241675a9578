"""A training that you start on the login node: it sends itself to a queue, and reads a dataset on the node."""

import csv
import glob
from argparse import ArgumentParser

from clearml import Dataset, Task

task = Task.init(project_name="lab", task_name="train")
parser = ArgumentParser()
parser.add_argument("--queue", default="cpu")
parser.add_argument("--dataset", default="", help="id of the dataset; the latest lab/rows by default")
parser.add_argument("--scale", type=float, default=1.0)
options = parser.parse_args()

# On the login node, this ends the process. In the job, it does nothing.
task.execute_remotely(queue_name=options.queue)

dataset = Dataset.get(dataset_id=options.dataset or None, dataset_project="lab", dataset_name="rows")
folder = dataset.get_local_copy()
total = sum(float(row[1]) for name in glob.glob(f"{folder}/*.csv") for row in csv.reader(open(name)))
print("The total is", options.scale * total, "from", folder)
task.get_logger().report_single_value("total", options.scale * total)
task.upload_artifact("total", {"total": options.scale * total}, wait_on_upload=True)
