// The example of distributed training, with real PyTorch and torchrun on several nodes of real Slurm.
import { readFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { jobProcesses, killIfAlive } from '../support/job-processes.ts';
import { freePorts } from '../support/loopback-port.ts';
import { requireAgent, requireSandbox, requireSlurm, requireTorch } from '../support/skip-unless.ts';
import { waitUntil } from '../support/wait-until.ts';
import {
  enqueueTraining,
  expectTrained,
  exportsForTraining,
  scalarsOf,
  untilAllReport,
} from './distributed-training.ts';
import { startWorkflowBed, type WorkflowBed } from './workflow-bed.ts';

/** Debian's PyTorch, behind the packages of the agent's own Python. */
const ADDS_TORCH = 'import sys\nsys.path.append("/usr/lib/python3/dist-packages")\n';

const ON_NODES = { queue: 'distributed' };

/** The plots of the machine begin at once, also on a node that reports no scalars. */
const EARLY_MONITOR = `
sdk.development.worker { report_start_sec: 0.5, wait_for_first_iteration_to_start_sec: 1 }
`;

describe('distributed training with PyTorch', () => {
  let bed: WorkflowBed;
  let short: string;
  let endless: string;

  before(requireAgent);
  before(requireSlurm);
  before(requireSandbox);
  before(requireTorch);
  before(async () => {
    bed = await startWorkflowBed('distributed-pytorch', { sdkSettings: EARLY_MONITOR });
    const { folder } = bed.world;
    await bed.world.write('sitecustomize.py', ADDS_TORCH);
    const template = join(folder, 'example/distributed.template');
    const text = await readFile(template, 'utf8');
    const exported = exportsForTraining(await freePorts(2), `PYTHONPATH=${folder}`);
    await writeFile(
      template,
      text.replace('\n${CLEARML_PRE', (start) => `\n${exported}${start}`),
    );
    await bed.serve({ distributed: 'distributed.template' });
    short = await enqueueTraining(bed, { ...ON_NODES, nodes: 2, args: { iterations: 30, seconds: 0 } });
    endless = await enqueueTraining(bed, { ...ON_NODES, nodes: 4, args: { iterations: 1_000_000, seconds: 0.1 } });
  });
  after(() => bed[Symbol.asyncDispose]());

  it('completes on two nodes, and the first process reports the loss', async () => {
    await expectTrained(bed, short, 30);
    // The agent of the first node completes the task, perhaps before the other has sent its lines.
    await untilAllReport(bed, short, 2);
  });

  it('shows a plot of the machine monitor for each of four nodes', async () => {
    await untilAllReport(bed, endless, 4);
    const titles = ['', ':rank1', ':rank2', ':rank3'].map((rank) => `:monitor:machine${rank}`);
    const hasAll = async (): Promise<boolean> => {
      const seen = Object.keys(await scalarsOf(bed, endless));
      return ['loss', ...titles].every((title) => seen.includes(title));
    };
    await waitUntil('the plots of all nodes', hasAll, { everyMs: 250, progress: () => bed.world.log().length });
  });

  it('fails if a process of rank 1 is killed, and the status message names rank, node and exit code', async () => {
    const [job = ''] = await bed.world.jobsOf(endless);
    for (const pid of processesOfRank1(job)) killIfAlive(pid);

    // The others lose their connections at once, and the agent of one of them may see that first.
    const { status_message: message } = await bed.world.untilStatus(endless, 'failed');
    expect(message).to.match(
      /^Rank \d on n\d ended with exit code \d+( \(SIG\w+\))?, and Slurm ended the other ranks\. Slurm job \d+ ended /,
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
