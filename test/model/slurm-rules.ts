// Every outcome of a Slurm command: its output and its effect. Pure.
import { mergeLookUp } from '../../src/slurm/look-up-sacct-jobs.ts';
import type { JobState } from '../../src/slurm/job-state.ts';
import type { Job, JobId, JobKey, JobList, JobRecord, SubmitOutcome } from '../../src/slurm/scheduler.ts';
import { listedJob } from '../support/simulated-values.ts';
import type { MoveKind } from './moves.ts';
import { withJob } from './job-rules.ts';
import { spend, type JobValue, type World } from './world.ts';

export type SlurmCall =
  | { readonly what: 'list' }
  | { readonly what: 'look up'; readonly names: readonly string[] }
  | { readonly what: 'record'; readonly id: string }
  | { readonly what: 'cancel'; readonly jobs: readonly JobKey[] }
  | { readonly what: 'submit'; readonly name: string; readonly worker: string };

/** A job as the lists show it: only the fields that distinguish jobs. */
export type SeenJob = Pick<JobValue, 'id' | 'name' | 'restarts'> & { readonly state: JobState };

export type SlurmAnswer =
  | { readonly jobs: readonly SeenJob[] }
  | {
      readonly record:
        (Pick<JobValue, 'name' | 'exitCode' | 'restarts' | 'phase'> & { readonly state: JobState }) | undefined;
    }
  | { readonly outcome: SubmitOutcome['kind']; readonly id?: number }
  | { readonly isAsked: true }
  | { readonly isLost: true };

export interface SlurmOutcome {
  /** Completes the name of the call in a counterexample. */
  readonly how: string;
  readonly kind: MoveKind;
  readonly answer: SlurmAnswer;
  readonly world: World;
}

/** The log of a job whose script never began; no other log can be read. */
const LOG_WITHOUT_BEGINNING = '/logs/empty';

/** The maximum number of jobs; the search reports when it is reached. */
export const MOST_JOBS = 5;

interface Cluster {
  readonly hasAccounting: boolean;
}

export function slurmOutcomes(world: World, call: SlurmCall, { hasAccounting }: Cluster): SlurmOutcome[] {
  const go = (how: string, answer: SlurmAnswer, after = world, kind: MoveKind = 'work'): SlurmOutcome => ({
    how,
    kind,
    answer,
    world: after,
  });
  const lost: SlurmOutcome[] =
    world.left.lost > 0 ? [go(', which fails', { isLost: true }, spend(world, 'lost'), 'fault')] : [];
  const shown = world.jobs.filter(isShown);

  switch (call.what) {
    case 'list':
      return [go('', { jobs: shown.map(toSeenJob) }), ...lost];
    case 'look up': {
      const past = hasAccounting ? world.jobs.filter(isKnown).map(toSeenJob) : [];
      const merged = mergeLookUp(
        call.names,
        { kind: 'listed', jobs: past.map(showJob) },
        shown.map(toSeenJob).map(showJob),
      );
      const ids = new Set(merged.kind === 'listed' ? merged.jobs.map(({ id, name }) => `${id} ${name}`) : []);
      return [
        go('', { jobs: world.jobs.filter((job) => isKnown(job) && ids.has(`${job.id} ${job.name}`)).map(toSeenJob) }),
        ...lost,
      ];
    }
    case 'record': {
      const job = world.jobs
        .filter((one) => isShown(one) || (hasAccounting && isKnown(one)))
        .findLast(({ id }) => String(id) === call.id);
      return [
        go('', {
          record: job && {
            name: job.name,
            exitCode: job.exitCode,
            restarts: job.restarts,
            // Whether its script has begun is all that the log shows.
            phase: job.phase === 'new' ? 'new' : 'run',
            state: toSeenJob(job).state,
          },
        }),
        ...lost,
      ];
    }
    case 'cancel':
      return [
        go('', { isAsked: true }, cancelAll(world, call.jobs)),
        ...lost.map((outcome) => ({ ...outcome, answer: { isAsked: true } as const })),
      ];
    case 'submit':
      return submitOutcomes(world, call, go);
  }
}

function submitOutcomes(
  world: World,
  { name, worker }: { readonly name: string; readonly worker: string },
  go: (how: string, answer: SlurmAnswer, after?: World, kind?: MoveKind) => SlurmOutcome,
): SlurmOutcome[] {
  const outcomes: SlurmOutcome[] = [];
  const isFull = world.made >= MOST_JOBS;
  if (!isFull)
    outcomes.push(
      go(`: job ${world.nextId}`, { outcome: 'accepted', id: world.nextId }, accept(world, name, worker, 'PENDING')),
    );
  else outcomes.push(go(', beyond the maximum of the model', { outcome: 'unavailable' }));
  if (world.left.refusals > 0) {
    const less = spend(world, 'refusals');
    outcomes.push(go(', which Slurm rejects', { outcome: 'rejected' }, less, 'fault'));
    outcomes.push(go(', which meets backpressure', { outcome: 'backpressure' }, less, 'fault'));
  }
  if (world.left.lost > 0) {
    const less = spend(world, 'lost');
    const unknown = { outcome: 'unknown' } as const;
    if (!isFull) {
      outcomes.push(
        go(`: job ${world.nextId}, whose output is lost`, unknown, accept(less, name, worker, 'PENDING'), 'fault'),
      );
      outcomes.push(
        go(
          `: job ${world.nextId}, which is still in flight`,
          unknown,
          accept(less, name, worker, 'IN FLIGHT'),
          'fault',
        ),
      );
    }
    outcomes.push(go(', which is lost', unknown, less, 'fault'));
  }
  return outcomes;
}

function accept(world: World, name: string, worker: string, state: 'PENDING' | 'IN FLIGHT'): World {
  const job: JobValue = {
    id: world.nextId,
    name,
    worker,
    state,
    phase: 'new',
    exitCode: 0,
    restarts: 0,
    leaving: '',
    isPurged: false,
    wasInFlight: state === 'IN FLIGHT',
  };
  const later = Math.max(world.nextId, ...world.jobs.map(({ id }) => id)) + 1;
  return { ...world, jobs: [...world.jobs, job], nextId: later, made: world.made + 1 };
}

function cancelAll(world: World, jobs: readonly JobKey[]): World {
  return world.jobs.reduce((after, job, index) => {
    if (!jobs.some(({ id, name }) => id === String(job.id) && name === job.name) || job.isPurged) return after;
    if (job.state === 'PENDING') return withJob(after, index, { state: 'CANCELLED' });
    return job.state === 'RUNNING' ? withJob(after, index, { leaving: 'CANCELLED' }) : after;
  }, world);
}

function isShown(job: JobValue): boolean {
  return job.state !== 'IN FLIGHT' && !job.isPurged;
}

function isKnown(job: JobValue): boolean {
  return job.state !== 'IN FLIGHT';
}

function toSeenJob({ id, name, state, restarts }: JobValue): SeenJob {
  return { id, name, state: state === 'IN FLIGHT' ? 'PENDING' : state, restarts };
}

/** A row of squeue or sacct. Each start of a job has a different time. */
function showJob({ id, name, state, restarts }: SeenJob): Job {
  const startAt = state === 'PENDING' ? undefined : restarts + 1;
  return listedJob({ id: String(id) as JobId, name, state, submittedAt: 1, startAt });
}

export function showList(answer: SlurmAnswer): JobList {
  return 'jobs' in answer
    ? { kind: 'listed', jobs: answer.jobs.map(showJob) }
    : { kind: 'failed', message: 'no answer' };
}

export function showRecord(answer: SlurmAnswer): JobRecord | undefined {
  if (!('record' in answer) || answer.record === undefined) return undefined;
  const { name, exitCode, restarts, phase, state } = answer.record;
  return {
    name,
    stateWord: state,
    exitCode,
    exitSignal: undefined,
    outputPath: phase === 'new' ? LOG_WITHOUT_BEGINNING : undefined,
    nodes: 'n1',
    timeLimit: '01:00:00',
    reason: undefined,
    restarts,
  };
}

export function showOutcome(answer: SlurmAnswer): SubmitOutcome {
  if (!('outcome' in answer)) throw new Error('no outcome of sbatch');
  const { outcome, id } = answer;
  if (outcome !== 'accepted') return { kind: outcome, message: 'message of sbatch' };
  return { kind: 'accepted', jobId: String(id) as JobId, cluster: undefined };
}
