// Acts of users during chaos, in the web page and with Slurm's commands.
import { setTimeout as sleep } from 'node:timers/promises';
import type { User } from '../support/clearml-user.ts';
import { waitUntil } from '../support/wait-until.ts';
import { QUEUES } from './observed-history.ts';
import type { ScheduledFault } from './schedule.ts';
import { choose, type RoundContext } from './round-context.ts';

type Act = (context: RoundContext, task: string, planned: ScheduledFault) => Promise<void>;

/** Users act mostly on tasks with these statuses. */
const ALIVE = new Set(['queued', 'in_progress']);

function inWebPage(act: Act): (context: RoundContext, planned: ScheduledFault) => Promise<void> {
  return async (context, planned) => {
    // The lock ensures that the server responds to the act.
    const task = await context.locks.server(() => chooseTask(context, planned.pick));
    if (task !== undefined) await act(context, task, planned);
  };
}

async function chooseTask({ bed: { user }, tasks }: RoundContext, pick: number): Promise<string | undefined> {
  const alive: string[] = [];
  const present: string[] = [];
  for (const task of tasks) {
    const seen = await user.look(task).catch(() => undefined);
    if (seen === undefined) continue;
    present.push(task);
    if (ALIVE.has(seen.status)) alive.push(task);
  }
  const among = alive.length > 0 ? alive : present;
  return among.length === 0 ? undefined : choose(among, pick);
}

/** Makes one call of the web page; a refused call has no effect. */
function call(endpoint: string, more: Readonly<Record<string, unknown>> = {}): Act {
  return async ({ bed, locks }, task) => {
    await locks.server(() => bed.user.api(endpoint, { task, ...more }).catch(() => undefined));
  };
}

/** The page offers this only for a queued task. */
const dequeue: Act = async (context, task, planned) => {
  const seen = await context.locks.server(() => context.bed.user.look(task).catch(() => undefined));
  if (seen?.status === 'queued') await call('tasks.dequeue')(context, task, planned);
};

const enqueue: Act = (context, task, planned) =>
  call('tasks.enqueue', { queue: context.bed.servedQueue })(context, task, planned);

const enqueueElsewhere: Act = (context, task, planned) =>
  call('tasks.enqueue', { queue: context.bed.otherQueue })(context, task, planned);

/** Executes acts one after the other, with short pauses. */
function both(first: Act, second: Act): Act {
  return async (context, task, planned) => {
    await first(context, task, planned);
    await sleep(planned.way * planned.forMs);
    await second(context, task, planned);
  };
}

/** Acts on the page of the scheduler queue, which lists its entries. */
function onSchedulerPage(
  act: (user: User, scheduler: string, tasks: readonly string[], pick: number) => Promise<unknown>,
): (context: RoundContext, planned: ScheduledFault) => Promise<void> {
  return ({ bed: { user }, locks }, { pick }) =>
    locks.server(async () => {
      const scheduler = await user.makeQueue(QUEUES.scheduler);
      const tasks = await user.entries(scheduler);
      if (tasks.length === 0) return;
      // If a job takes the entry at the same time, the server refuses the call.
      await act(user, scheduler, tasks, pick).catch(() => undefined);
    });
}

/** Runs a Slurm command on a live job while no fault affects the controller. */
function inShell(
  what: 'scancel' | 'requeue',
  words: (job: string) => readonly [string, ...string[]],
  states: RegExp,
): (context: RoundContext, planned: ScheduledFault) => Promise<void> {
  return (context, { pick }) =>
    context.locks.slurm(async () => {
      const rows = await waitUntil('squeue to answer', () => context.watch.live().catch(() => undefined));
      const live = [...rows.values()].flat().filter(({ state }) => states.test(state));
      if (live.length === 0) return;
      const { job } = choose(live, pick);
      const [program, ...args] = words(job);
      const isDone = await context.bed.cluster.run(program, ...args).then(
        () => true,
        () => false,
      );
      if (isDone) context.note({ what, job, words: `a user calls ${program} ${args.join(' ')}` });
    });
}

export const userActs = {
  'user aborts': inWebPage(call('tasks.stop')),
  'user dequeues': inWebPage(dequeue),
  'user resets': inWebPage(call('tasks.reset', { force: true })),
  'user resets and enqueues': inWebPage(both(call('tasks.reset', { force: true }), enqueue)),
  'user deletes': inWebPage(call('tasks.delete', { force: true })),
  'user archives': inWebPage((context, task, planned) =>
    call('tasks.archive', { tasks: [task] })(context, task, planned),
  ),
  'user enqueues again': inWebPage(enqueue),
  'user enqueues elsewhere': inWebPage(enqueueElsewhere),
  'user enqueues elsewhere and back': inWebPage(both(enqueueElsewhere, enqueue)),
  'user removes from the scheduler queue': onSchedulerPage((user, queue, tasks, pick) =>
    user.api('queues.remove_task', { queue, task: choose(tasks, pick), update_task_status: true }),
  ),
  'user clears the scheduler queue': onSchedulerPage((user, queue) => user.api('queues.clear_queue', { queue })),
  'user calls scancel': inShell('scancel', (job) => ['scancel', job], /^(PENDING|RUNNING)$/),
  'user requeues the job': inShell('requeue', (job) => ['scontrol', 'requeue', job], /^RUNNING$/),
};
