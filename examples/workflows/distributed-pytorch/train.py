"""Trains a line on all nodes of a job: torchrun starts one process for each GPU, and the first of all reports the loss."""

import os
import sys
import time
from argparse import ArgumentParser

if "TORCHELASTIC_RUN_ID" not in os.environ:
    # The agent runs this file once on each node. torchrun takes its place, and runs it again in each process.
    options = {
        "nnodes": os.environ.get("WORLD_SIZE", "1"),
        "node_rank": os.environ.get("NODE_RANK", "0"),
        "master_addr": os.environ.get("MASTER_ADDR", "localhost"),
        "master_port": os.environ.get("MASTER_PORT", "29500"),
        "nproc_per_node": len(os.environ.get("CUDA_VISIBLE_DEVICES", "0").split(",")),
    }
    arguments = [f"--{name}={value}" for name, value in options.items()]
    os.execv(sys.executable, [sys.executable, "-um", "torch.distributed.run", *arguments, __file__, *sys.argv[1:]])

import torch
import torch.distributed as dist
from clearml import Task
from torch.nn.parallel import DistributedDataParallel

local_rank = int(os.environ["LOCAL_RANK"])
# Each process gets its arguments from the task. One process of each node reports the use of the machine.
task = Task.init(project_name="examples", task_name="distributed training", auto_resource_monitoring=local_rank == 0)
parser = ArgumentParser()
parser.add_argument("--iterations", type=int, default=1000)
parser.add_argument("--seconds", type=float, default=0.1, help="pause after each iteration")
options = parser.parse_args()

has_gpu = torch.cuda.is_available()
device = torch.device("cuda", local_rank) if has_gpu else torch.device("cpu")
dist.init_process_group("nccl" if has_gpu else "gloo")
rank, size = dist.get_rank(), dist.get_world_size()
print(f"process {rank} of {size} on {os.environ.get('SLURMD_NODENAME')}", flush=True)

model = DistributedDataParallel(torch.nn.Linear(1, 1).to(device))
optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
# Each process has its own part of the data.
x = torch.arange(rank, 100, size, device=device).reshape(-1, 1) / 100

for iteration in range(1, options.iterations + 1):
    loss = torch.nn.functional.mse_loss(model(x), 3 * x + 1)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    mean = loss.detach()
    dist.all_reduce(mean)
    if rank == 0:
        task.get_logger().report_scalar("loss", "training", mean.item() / size, iteration)
    time.sleep(options.seconds)

if rank == 0:
    print(f"The line is {model.module.weight.item():.2f} x + {model.module.bias.item():.2f}", flush=True)
dist.destroy_process_group()
