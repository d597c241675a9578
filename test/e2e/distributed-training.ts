// The example of distributed training: a task of it, and what its ranks report.
import { expect } from 'chai';
import * as z from 'zod';
import { idIn, type WorkflowBed } from './workflow-bed.ts';

export interface Training {
  readonly queue: string;
  readonly nodes: number;
  /** On each node, with a process for each; by default one. */
  readonly gpus?: number;
  /** Of train.py. */
  readonly args: Readonly<Record<string, number>>;
  readonly image?: string;
}

/** Enqueues a training. */
export async function enqueueTraining(
  bed: WorkflowBed,
  { queue, nodes, gpus = 1, args, image }: Training,
): Promise<string> {
  const given = Object.entries(args).map(([key, value]) => `${key}=${value}`);
  const what = ['--project', 'distributed', '--name', 'training', '--skip-task-init', '--packages', 'torch', 'clearml'];
  const inside = image === undefined ? [] : ['--docker', image];
  const task = idIn(await bed.run('clearml-task', ...what, ...inside, '--script', 'train.py', '--args', ...given));
  const { user } = bed.world;
  const properties = { num_nodes: String(nodes), gpus_per_node: String(gpus), cpus: '1', memory: '1G' };
  await user.api('tasks.edit_hyper_params', {
    task,
    hyperparams: Object.entries(properties).map(([name, value]) => ({ section: 'properties', name, value })),
  });
  await user.enqueue(task, await user.makeQueue(queue));
  return task;
}

/**
 * Lines for its template, before CLEARML_PRE_SETUP. torchrun prints the lines of its processes whole.
 * @param ports that no other job uses: another test cluster on this machine may have a job with the same id, and so the same default port
 */
export function exportsForTraining(ports: readonly number[], ...more: readonly string[]): string {
  const exported = ['OMP_NUM_THREADS=1', 'PET_REDIRECTS=1', 'PET_TEE=1', ...more].join(' ');
  return `export ${exported}\nports=(${ports.join(' ')}); export MASTER_PORT=\${ports[SLURM_JOB_ID % ${ports.length}]}\n`;
}

const Scalars = z.record(
  z.string(),
  z.record(z.string(), z.object({ x: z.array(z.number()), y: z.array(z.number()) })),
);

/** By title and series. */
export async function scalarsOf({ world }: WorkflowBed, task: string): Promise<z.infer<typeof Scalars>> {
  return Scalars.parse(await world.user.api('events.scalar_metrics_iter_histogram', { task }));
}

/** Waits until the console has the line of each process. */
export async function untilAllReport({ world }: WorkflowBed, task: string, processes: number): Promise<void> {
  for (let rank = 0; rank < processes; rank += 1)
    await world.untilConsole(task, new RegExp(`process ${rank} of ${processes} on n\\d$`, 'm'));
}

/** Waits until the training has completed: the first process has reported a loss for each iteration, which has become smaller. */
export async function expectTrained(bed: WorkflowBed, task: string, iterations: number): Promise<void> {
  const printed = await bed.untilCompleted(task);
  expect(printed).to.match(/The line is \d\.\d\d x \+ \d\.\d\d/);
  const { x = [], y = [] } = (await scalarsOf(bed, task))['loss']?.['training'] ?? {};
  expect(x).to.deep.equal(Array.from({ length: iterations }, (_, index) => index + 1));
  expect(y.at(-1)).to.be.below(y[0] ?? 0);
}
