// Defines the three tasks of the demo. The demo shows the lines that they mark.
import type { NewTask, User } from '../../test/support/clearml-user.ts';

export interface DemoTask {
  readonly id: string;
  readonly name: string;
}

/** The start of a line that the demo shows. */
export const MARK = '>>> ';

interface Description extends NewTask {
  readonly name: string;
  readonly code: string;
}

export const DESCRIPTIONS: readonly Description[] = [
  {
    name: 'train',
    code: `
import time
for epoch in 1, 2, 3:
    time.sleep(1)
    print("${MARK}epoch", epoch, "loss", round(0.9 ** epoch, 3), flush=True)
`,
  },
  {
    name: 'two nodes',
    properties: { num_nodes: '2' },
    code: `
import os, socket, time
rank, size = os.environ["NODE_RANK"], os.environ["WORLD_SIZE"]
print("${MARK}rank", rank, "of", size, "on", os.environ["SLURMD_NODENAME"], flush=True)
# The ranks connect to each other, as in a training: the task ends when the first rank ends.
# On the same machine, a job of another cluster may use the same port: the ranks of a task know each other by its id.
place = os.environ["MASTER_ADDR"], int(os.environ["MASTER_PORT"])
task = os.environ["CLEARML_TASK_ID"].encode()
have_met = False
while not have_met:
    try:
        if rank == "0":
            with socket.create_server(("", place[1])) as server:
                peer = server.accept()[0]
        else:
            peer = socket.create_connection(place)
        with peer:
            peer.settimeout(5)
            # Rank 0 answers only after it has read, so that it never waits for a rank that has ended.
            if rank != "0":
                peer.sendall(task)
            have_met = peer.makefile("rb").read(len(task)) == task
            if rank == "0" and have_met:
                peer.sendall(task)
    except OSError:
        pass
    time.sleep(0.1)
`,
  },
  {
    name: 'fails',
    code: `
import sys, time
print("${MARK}this task will end with exit code 3", flush=True)
time.sleep(2)
sys.exit(3)
`,
  },
];

/** The expected counts at the end. */
export const EXPECTED = { completed: 2, failed: 1, lost: 0 };

/** Creates and enqueues the tasks. @param told is called for each */
export async function enqueueTasks(
  user: User,
  queueName: string,
  told: (task: DemoTask, text: string) => void,
): Promise<DemoTask[]> {
  const tasks: DemoTask[] = [];
  for (const description of DESCRIPTIONS) {
    const task = { id: await user.makeTask(description), name: description.name };
    await user.api('tasks.enqueue', { task: task.id, queue_name: queueName });
    const properties = Object.entries(description.properties ?? {}).map(([name, value]) => `${name} = ${value}`);
    told(
      task,
      [`enqueued in "${queueName}"`, ...properties.map((property) => `user property ${property}`)].join(', with '),
    );
    tasks.push(task);
  }
  return tasks;
}
