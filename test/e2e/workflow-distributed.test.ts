// The example of distributed training, with real PyTorch and torchrun on two nodes of real Slurm.
import { readFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import * as z from 'zod';
import { jobProcesses, killIfAlive } from '../support/job-processes.ts';
import { freePorts } from '../support/loopback-port.ts';
import { requireAgent, requireSandbox, requireSlurm, requireTorch } from '../support/skip-unless.ts';
import { waitUntil } from '../support/wait-until.ts';
import { idIn, startWorkflowBed, type WorkflowBed } from './workflow-bed.ts';

/** Debian's PyTorch, behind the packages of the agent's own Python. */
const ADDS_TORCH = 'import sys\nsys.path.append("/usr/lib/python3/dist-packages")\n';

/** The plots of the machine begin at once, also on a node that reports no scalars. */
const EARLY_MONITOR = `
sdk.development.worker { report_start_sec: 0.5, wait_for_first_iteration_to_start_sec: 1 }
`;

const Scalars = z.record(
  z.string(),
  z.record(z.string(), z.object({ x: z.array(z.number()), y: z.array(z.number()) })),
);

describe('distributed training with PyTorch', () => {
  let bed: WorkflowBed;
  let short: string;
  let endless: string;

  before(requireAgent);
  before(requireSlurm);
  before(requireSandbox);
  before(requireTorch);
  before(async () => {
    bed = await startWorkflowBed('distributed-pytorch', EARLY_MONITOR);
    const { folder } = bed.world;
    await bed.world.write('sitecustomize.py', ADDS_TORCH);
    const template = join(folder, 'example/distributed.template');
    const text = await readFile(template, 'utf8');
    // Another test cluster on this machine may have a job with the same id, and so the same default port.
    const ports = await freePorts(2);
    await writeFile(
      template,
      text.replace(
        '\n${CLEARML_PRE',
        () =>
          `export PYTHONPATH=${folder} OMP_NUM_THREADS=1 PET_REDIRECTS=1 PET_TEE=1\nports=(${ports.join(' ')}); export MASTER_PORT=\${ports[SLURM_JOB_ID % 2]}\n\${CLEARML_PRE`,
      ),
    );
    await bed.serve({ distributed: 'distributed.template' });
    short = await create({ iterations: 30, seconds: 0 });
    endless = await create({ iterations: 1_000_000, seconds: 0.1 });
  });
  after(() => bed[Symbol.asyncDispose]());

  /** Trains on two nodes, with one process on each. */
  async function create(args: Readonly<Record<string, number>>): Promise<string> {
    const given = Object.entries(args).map(([key, value]) => `${key}=${value}`);
    const what = [
      '--project',
      'distributed',
      '--name',
      'training',
      '--skip-task-init',
      '--packages',
      'torch',
      'clearml',
    ];
    const task = idIn(await bed.run('clearml-task', ...what, '--script', 'train.py', '--args', ...given));
    const { user } = bed.world;
    const properties = { num_nodes: '2', gpus_per_node: '1', cpus: '1', memory: '1G' };
    await user.api('tasks.edit_hyper_params', {
      task,
      hyperparams: Object.entries(properties).map(([name, value]) => ({ section: 'properties', name, value })),
    });
    await user.enqueue(task, await user.makeQueue('distributed'));
    return task;
  }

  /** By title and series. */
  async function scalarsOf(task: string): Promise<z.infer<typeof Scalars>> {
    return Scalars.parse(await bed.world.user.api('events.scalar_metrics_iter_histogram', { task }));
  }

  it('trains on both nodes, and the first process reports the loss', async () => {
    const printed = await bed.untilCompleted(short);

    expect(printed).to.match(/The line is \d\.\d\d x \+ \d\.\d\d/);
    // The agent of the first node completes the task, perhaps before the other has sent its lines.
    for (const rank of [0, 1])
      await bed.world.untilConsole(short, new RegExp(`process ${rank} of 2 on n${rank + 1}$`, 'm'));
    const { x = [], y = [] } = (await scalarsOf(short))['loss']?.['training'] ?? {};
    expect(x).to.deep.equal(Array.from({ length: 30 }, (_, index) => index + 1));
    expect(y.at(-1)).to.be.below(y[0] ?? 0);
  });

  it('has a plot of the machine monitor of each node', async () => {
    const titles = [':monitor:machine', ':monitor:machine:rank1'];
    const hasBoth = async (): Promise<boolean> => {
      const seen = Object.keys(await scalarsOf(endless));
      return titles.every((title) => seen.includes(title));
    };
    await waitUntil('the plots of both nodes', hasBoth, { everyMs: 250, progress: () => bed.world.log().length });
  });

  it('fails with the exit code of a rank whose process is killed', async () => {
    const [job = ''] = await bed.world.jobsOf(endless);
    for (const pid of processesOfRank1(job)) killIfAlive(pid);

    // The other loses its connection at once, and its agent may see that first.
    const { status_message: message } = await bed.world.untilStatus(endless, 'failed');
    expect(message).to.match(
      /^Rank (?:0 on n1|1 on n2) ended with exit code \d+, and Slurm ended the other ranks\. Slurm job \d+ ended /,
    );
    await bed.world.untilConsole(endless, message.slice(0, 60));
    await bed.world.untilNoJob(endless);
  });

  /** torchrun on the second node and the process that it has started, as if the node had run out of memory. */
  function processesOfRank1(job: string): number[] {
    const ofJob = jobProcesses(bed.world.cluster.env['SLURM_CONF'] ?? '').filter(({ jobId }) => jobId === job);
    const found = ofJob.map(({ pid }) => pid).filter(isRank1);
    expect(found).to.have.length(2);
    return found;
  }
});

/** Whether it is torchrun on the second node, or the process that it has started. */
function isRank1(pid: number): boolean {
  try {
    const of = (file: string): string[] => readFileSync(`/proc/${pid}/${file}`, 'utf8').split('\0');
    return of('cmdline').includes('--node_rank=1') || of('environ').includes('RANK=1');
  } catch {
    // It has ended meanwhile.
    return false;
  }
}
