// What users do during chaos: in the web page, and with Slurm's own commands.
import { setTimeout as sleep } from 'node:timers/promises';
import type { User } from '../e2e/api.ts';
import { QUEUES } from './history.ts';
import type { ScheduledFault } from './schedule.ts';
import { choose, type RoundContext } from './round-context.ts';

type Act = (stage: RoundContext, task: string, planned: ScheduledFault) => Promise<void>;

/** Tasks in these are worth an act more than those at rest. */
const ALIVE = new Set(['queued', 'in_progress']);

function inWebPage(act: Act): (stage: RoundContext, planned: ScheduledFault) => Promise<void> {
  return async (stage, planned) => {
    // While the server is away nobody can do anything there; and what a user did, he has seen done.
    const task = await stage.inTurn.server(() => chooseTask(stage, planned.pick));
    if (task !== undefined) await act(stage, task, planned);
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

/** One call of the web page; the server may refuse it, and then nothing was done. */
function call(endpoint: string, more: Readonly<Record<string, unknown>> = {}): Act {
  return async ({ bed, inTurn }, task) => {
    await inTurn.server(() => bed.user.api(endpoint, { task, ...more }).catch(() => undefined));
  };
}

/** The page offers it only for a task that waits. */
const dequeue: Act = async (stage, task, planned) => {
  const seen = await stage.inTurn.server(() => stage.bed.user.look(task).catch(() => undefined));
  if (seen?.status === 'queued') await call('tasks.dequeue')(stage, task, planned);
};

const enqueue: Act = (stage, task, planned) =>
  call('tasks.enqueue', { queue: stage.bed.servedQueue })(stage, task, planned);

const enqueueElsewhere: Act = (stage, task, planned) =>
  call('tasks.enqueue', { queue: stage.bed.otherQueue })(stage, task, planned);

/** One after the other, with a moment in between. */
function both(first: Act, second: Act): Act {
  return async (stage, task, planned) => {
    await first(stage, task, planned);
    await sleep(planned.way * planned.forMs);
    await second(stage, task, planned);
  };
}

/** On the page of the scheduler queue, which shows what waits there. */
function onSchedulerPage(
  act: (user: User, scheduler: string, tasks: readonly string[], pick: number) => Promise<unknown>,
): (stage: RoundContext, planned: ScheduledFault) => Promise<void> {
  return ({ bed: { user }, inTurn }, { pick }) =>
    inTurn.server(async () => {
      const scheduler = await user.makeQueue(QUEUES.scheduler);
      const tasks = await user.entries(scheduler);
      if (tasks.length === 0) return;
      // A job may take the entry in that very moment: then the server refuses, and nothing was done.
      await act(user, scheduler, tasks, pick).catch(() => undefined);
    });
}

/** One of Slurm's own commands about a job that lives; the controller is not killed meanwhile. */
function inShell(
  what: 'scancel' | 'requeue',
  words: (job: string) => readonly [string, ...string[]],
  states: RegExp,
): (stage: RoundContext, planned: ScheduledFault) => Promise<void> {
  return (stage, { pick }) =>
    stage.inTurn.slurm(async () => {
      const live = [...(await stage.watch.live()).values()].flat().filter(({ state }) => states.test(state));
      if (live.length === 0) return;
      const { job } = choose(live, pick);
      const [program, ...args] = words(job);
      const isDone = await stage.bed.cluster.run(program, ...args).then(
        () => true,
        () => false,
      );
      if (isDone) stage.note({ what, job, words: `a user calls ${program} ${args.join(' ')}` });
    });
}

export const userActs = {
  'user aborts': inWebPage(call('tasks.stop')),
  'user dequeues': inWebPage(dequeue),
  'user resets': inWebPage(call('tasks.reset', { force: true })),
  'user resets and enqueues': inWebPage(both(call('tasks.reset', { force: true }), enqueue)),
  'user deletes': inWebPage(call('tasks.delete', { force: true })),
  'user archives': inWebPage((stage, task, planned) => call('tasks.archive', { tasks: [task] })(stage, task, planned)),
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
