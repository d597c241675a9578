// The actions of a user in the web page, and of another user's agent. Pure.
import type { MoveKind, WorldMove } from './moves.ts';
import { serve } from './server-rules.ts';
import {
  QUEUE_IDS,
  TASK_ID,
  isHeard,
  isPastGate,
  isStarting,
  spend,
  type ServerCall,
  type Stamp,
  type World,
} from './world.ts';

export const USER_ACTS = ['abort', 'dequeue', 'reset', 'enqueue', 'enqueue elsewhere', 'delete', 'remove'] as const;
export type UserAct = (typeof USER_ACTS)[number];

const CALLS: Readonly<Record<UserAct, ServerCall>> = {
  abort: { endpoint: 'tasks.stop', body: { task: TASK_ID } },
  dequeue: { endpoint: 'tasks.dequeue', body: { task: TASK_ID } },
  reset: { endpoint: 'tasks.reset', body: { task: TASK_ID, force: true } },
  enqueue: { endpoint: 'tasks.enqueue', body: { task: TASK_ID, queue: QUEUE_IDS.own } },
  'enqueue elsewhere': { endpoint: 'tasks.enqueue', body: { task: TASK_ID, queue: QUEUE_IDS.other } },
  delete: { endpoint: 'tasks.delete', body: { task: TASK_ID, force: true } },
  // On the page of the scheduler queue.
  remove: { endpoint: 'queues.remove_task', body: { queue: QUEUE_IDS.scheduler, task: TASK_ID } },
};

export function userMoves(world: World, stamp: Stamp, acts: readonly UserAct[]): WorldMove[] {
  if (world.left.users === 0 || world.task === undefined) return [];
  return acts
    .filter((act) => isOffered(act, world))
    .flatMap((act) => {
      // An agent that died a moment ago looks alive to the server, which then sends it a stop request.
      const mayBeHeard =
        act === 'abort' && world.task?.status === 'in_progress' && !isHeard(world) ? [true, false] : [isHeard(world)];
      return mayBeHeard.map((heard): WorldMove => {
        const { world: after } = serve(world, CALLS[act], { stamp, isHeard: heard });
        const how =
          act === 'abort' && after.task?.status === 'in_progress' ? ', which becomes a stop request to its worker' : '';
        const aborted = act !== 'abort' ? '' : after.task?.status === 'stopped' ? 'at once' : 'asked';
        return {
          label: `user: ${act}${how}`,
          kind: 'user',
          world: spend({ ...after, aborted, removed: after.removed || act === 'remove' }, 'users'),
        };
      });
    });
}

/** Whether the web page offers this action for the task. */
function isOffered(act: UserAct, { task, entries, jobs }: World): boolean {
  const status = task?.status;
  // Between its gate and its start, an agent cannot be distinguished from an idle one, and for a moment after an abort it
  // still works: another agent, which checks nothing, does not get the task in those moments.
  const isBeingTaken = jobs.some((job) => job.state === 'RUNNING' && isPastGate(job));
  // Such an agent overwrites every act but a stop request, which the server sends only after the first report.
  const starting = jobs.find((job) => job.state === 'RUNNING' && isStarting(job));
  if (starting !== undefined && act !== 'delete' && (act !== 'abort' || starting.phase === 'begun')) return false;
  switch (act) {
    case 'abort':
      return status === 'queued' || status === 'in_progress';
    case 'dequeue':
      return status === 'queued';
    case 'reset':
      return status !== 'created';
    case 'enqueue':
      return (
        entries.own === 0 &&
        (status === 'created' || status === 'stopped' || status === 'failed' || status === 'queued')
      );
    case 'enqueue elsewhere':
      return (
        !isBeingTaken &&
        entries.other === 0 &&
        (status === 'created' || status === 'stopped' || status === 'failed' || status === 'queued')
      );
    case 'delete':
      return true;
    case 'remove':
      return status === 'queued' && entries.scheduler > 0;
  }
}

/** A stock agent on the other queue. It pops and starts a task within moments, in which nothing else moves. */
export function otherAgentMoves(world: World, stamp: Stamp): WorldMove[] {
  const go = (label: string, next: World, kind: MoveKind = 'work'): WorldMove => ({
    label: `another agent ${label}`,
    kind,
    world: next,
  });
  const ask = (from: World, endpoint: string, body: ServerCall['body']): World =>
    serve(from, { endpoint, body: { task: TASK_ID, ...body } }, { stamp, isHeard: true }).world;

  if (world.isRunElsewhere) {
    const free = { ...world, isRunElsewhere: false };
    if (world.task?.status !== 'in_progress') return [go('gives the task up', free)];
    const isAborted = world.task.message === 'stopping';
    return [
      go(
        isAborted ? 'ends the aborted task' : 'completes the task',
        ask(free, isAborted ? 'tasks.stopped' : 'tasks.completed', {}),
      ),
    ];
  }
  if (world.entries.other === 0) return [];
  const popped = ask(world, 'queues.get_next_task', { queue: QUEUE_IDS.other });
  if (popped.task === undefined) return [go('pops a deleted task', popped)];
  const begun = ask(popped, 'tasks.started', { force: true });
  const reported = ask(begun, 'workers.status_report', { worker: 'another:0' });
  return [go('begins the task', { ...reported, isRunElsewhere: true })];
}

/** A call of a dead daemon arrives, or never does. */
export function lateMoves(world: World, stamp: Stamp): WorldMove[] {
  const { late } = world;
  if (late === undefined) return [];
  const rest = { ...world, late: undefined };
  return [
    {
      label: `a late ${late.endpoint} is executed`,
      kind: 'work',
      world: serve(rest, late, { stamp, isHeard: isHeard(rest) }).world,
    },
    { label: `a late ${late.endpoint} never arrives`, kind: 'work', world: rest },
  ];
}
