// The steps of jobs, and what Slurm does to them. Pure.
import { JOB_EXIT_CODES } from '../../src/sbatch-template/job-script/job-exit-codes.ts';
import type { MoveKind, WorldMove } from './moves.ts';
import { serve } from './server-rules.ts';
import {
  QUEUE_IDS,
  TASK_ID,
  isAtWork,
  isHeard,
  spend,
  type JobValue,
  type Phase,
  type ServerCall,
  type Stamp,
  type World,
} from './world.ts';

type Change = Partial<Omit<JobValue, 'id' | 'name'>>;

const CLOSED: Change = { state: 'FAILED', exitCode: JOB_EXIT_CODES.gateClosed.code };

/** Everything that can happen to the jobs at this moment. */
export function jobMoves(
  world: World,
  stamp: Stamp,
  { purges, hasGate }: { readonly purges: boolean; readonly hasGate: boolean },
): WorldMove[] {
  return world.jobs.flatMap((job, index) => {
    const moves: WorldMove[] = [];
    const go = (label: string, next: World, kind: MoveKind = 'work'): void => {
      moves.push({ label: `job ${job.id} ${label}`, kind, world: next });
    };
    const become = (change: Change, from = world): World => withJob(from, index, change);
    const ask = (call: ServerCall, from = world): World => serve(from, call, { stamp, isHeard: isHeard(from) }).world;

    switch (job.state) {
      case 'IN FLIGHT':
        go('reaches the controller', become({ state: 'PENDING' }));
        go('never reaches the controller', { ...world, jobs: world.jobs.filter((one) => one !== job) });
        break;
      case 'PENDING':
        go('starts', become({ state: 'RUNNING' }));
        faults();
        break;
      case 'RUNNING':
        if (job.leaving === '') run();
        else leave();
        faults();
        break;
      default:
        if (purges && !job.isPurged) go('is dropped from Slurm', become({ isPurged: true }));
    }
    return moves;

    function run(): void {
      switch (job.phase) {
        case 'new': {
          if (!hasGate) {
            go('has no gate to pass', become({ phase: 'gated' }));
            break;
          }
          const gate: ServerCall = {
            endpoint: 'queues.remove_task',
            body: { queue: QUEUE_IDS.scheduler, task: TASK_ID },
          };
          const { answer, world: after } = serve(world, gate, { stamp, isHeard: false });
          if ('count' in answer) {
            go('takes the entry', become({ phase: 'taken' }, after));
            if (world.left.lost > 0) {
              go('takes the entry, but its response is lost', become(CLOSED, spend(after, 'lost')), 'fault');
            }
          } else go('finds the gate closed', become(CLOSED));
          break;
        }
        case 'taken': {
          const { status, queue } = world.task ?? {};
          if (status === 'queued' && (queue === 'own' || queue === 'scheduler'))
            go('passes the gate', become({ phase: 'gated' }));
          else go('finds the task aborted, deleted, enqueued elsewhere, or begun by another agent', become(CLOSED));
          if (world.left.lost > 0) {
            const unread = { state: 'FAILED', exitCode: JOB_EXIT_CODES.serverUnreachable.code } as const;
            go('cannot read the task that it has taken', become(unread, spend(world, 'lost')), 'fault');
          }
          break;
        }
        case 'gated': {
          const status = world.task?.status;
          if (status !== 'queued' && status !== 'in_progress') {
            go('ends: its agent finds the task not queued', become({ state: 'FAILED', exitCode: 1 }));
            break;
          }
          const body = { task: TASK_ID };
          const taken = ask({ endpoint: 'tasks.dequeue', body: { ...body, new_status: 'in_progress' } });
          const begun = ask({ endpoint: 'tasks.started', body: { ...body, force: true } }, taken);
          go('begins the task', become({ phase: 'begun' }, begun));
          break;
        }
        case 'begun': {
          const body = { task: TASK_ID, worker: workerOf(job) };
          go(
            'reports as the worker of its task',
            become({ phase: 'reported' }, ask({ endpoint: 'workers.status_report', body })),
          );
          break;
        }
        case 'reported':
          startAgain('starting');
          break;
        case 'starting':
          startAgain('run');
          break;
        case 'run':
          work();
      }
    }

    /** The agent sets the status without reading it, and so overwrites a stop request. Meanwhile it may also poll. */
    function startAgain(phase: Phase): void {
      const status = world.task?.status;
      if (status !== 'in_progress' || world.task?.message === 'stopping') work();
      const begun = ask({ endpoint: 'tasks.started', body: { task: TASK_ID, force: true } });
      const aborted = world.aborted === 'asked' ? 'overwritten' : world.aborted;
      if (begun.task !== undefined) go('sets the status again', become({ phase }, { ...begun, aborted }));
    }

    function work(): void {
      const done = { state: 'COMPLETED' } as const;
      if (world.task?.status !== 'in_progress') go('ends: the task is no longer in progress', become(done));
      else if (world.task.message === 'stopping')
        go('ends the aborted task', become(done, ask({ endpoint: 'tasks.stopped', body: {} })));
      else go('completes the task', become(done, ask({ endpoint: 'tasks.completed', body: {} })));
    }

    /** After a SIGTERM, an agent that has begun the task may still report to the server. */
    function leave(): void {
      const after: Change =
        job.leaving === 'PENDING' ? requeue(job) : { state: job.leaving === '' ? 'FAILED' : job.leaving, leaving: '' };
      go('ends without a report', become(after));
      if (!isAtWork(job) || world.task?.status !== 'in_progress') return;
      // The agent's status overwrites a stop request that it has not seen: the server then no longer has the request.
      const said = ask({ endpoint: 'tasks.stopped', body: { status_reason: 'user abort' } });
      go(
        'ends and reports that it got a SIGTERM',
        become(after, { ...said, aborted: said.aborted === 'asked' ? '' : said.aborted }),
      );
    }

    function faults(): void {
      if (world.left.requeues > 0) {
        const fault = (label: string, change: Change): void =>
          go(label, become(change, spend(world, 'requeues')), 'fault');
        if (job.state === 'PENDING') fault('is cancelled by hand', { state: 'CANCELLED' });
        else {
          fault('dies with its node', { state: 'NODE_FAIL', leaving: '' });
          fault('dies with its node, and is requeued', requeue(job));
          // slurmctld forgot its start in a crash and started it again, which slurmd rejected.
          if (job.phase === 'new')
            fault('is ended by Slurm before its script begins', { state: 'FAILED', exitCode: 1 });
          if (job.leaving === '') {
            fault('is preempted', { leaving: 'PENDING' });
            fault('is out of time', { leaving: 'TIMEOUT' });
            fault('is cancelled by hand', { leaving: 'CANCELLED' });
          }
          if (job.phase === 'run') fault('completes without a report', { state: 'COMPLETED' });
        }
      }
      if (world.left.forgets > 0 && job.state === 'PENDING' && job.restarts === 0) {
        const rest = world.jobs.filter((one) => one !== job);
        go(
          'is forgotten by a crash of the controller, and its id is free again',
          spend({ ...world, jobs: rest, nextId: job.id }, 'forgets'),
          'fault',
        );
      }
    }
  });
}

export function withJob(world: World, index: number, change: Change): World {
  return { ...world, jobs: world.jobs.map((job, at) => (at === index ? { ...job, ...change } : job)) };
}

function requeue({ restarts }: JobValue): Change {
  return { state: 'PENDING', phase: 'new', leaving: '', restarts: restarts + 1 };
}

function workerOf({ worker, id }: JobValue): string {
  return `${worker}:${id}`;
}
