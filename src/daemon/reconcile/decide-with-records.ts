// Decides with Slurm's records of jobs, for seconds in each pass: however many jobs of one user end at once, the tasks of others proceed.
import type { TaskId } from '../../clearml/ids.ts';
import { hasBegun, hasSpankFailed } from '../../sbatch-template/job-script/job-start-line.ts';
import { isExplainedByAccounting } from '../../slurm/sacct-end-details.ts';
import type { Job, JobId, JobKey, JobRecord } from '../../slurm/scheduler.ts';
import { findAction, type Action } from '../decide/action.ts';
import { decide } from '../decide/decide.ts';
import type { Observation } from '../decide/observation.ts';
import type { DaemonDeps } from '../deps.ts';
import { forEachUntil, inParts, shareUntil } from './each-task.ts';

export interface RecordRequest {
  readonly observation: Observation;
  readonly jobId: JobId;
}

/** Acts on the actions that were decided with this record. */
export type ActWithRecord = (
  observation: Observation,
  actions: readonly Action[],
  record: JobRecord | undefined,
) => Promise<void>;

export interface RecordDecisions {
  /** Returns false if some tasks were left to a later pass. */
  decide(requests: readonly RecordRequest[], act: ActWithRecord, signal: AbortSignal): Promise<boolean>;
}

/** How long a pass acts at least, however long it took to read the records. */
const ACT_MS = 5_000;

interface Recorded extends RecordRequest {
  readonly task: TaskId;
  readonly name: string | undefined;
  readonly record: JobRecord | undefined;
}

export function createRecordDecisions(deps: DaemonDeps): RecordDecisions {
  const { clock, journal, busy } = deps;
  /** When each task had its turn, so that none waits behind others in every pass. */
  const turns = new Map<TaskId, number>();

  const decisions: RecordDecisions = {
    async decide(requests, act, signal) {
      for (const task of turns.keys()) if (!journal.entries.has(task)) turns.delete(task);
      const turnOf = ({ observation }: RecordRequest): number => turns.get(observation.entry.task) ?? 0;
      const inTurn = requests.toSorted((a, b) => turnOf(a) - turnOf(b));
      const until = shareUntil(deps);
      const others: RecordRequest[] = [];
      const areAllDone = await inParts(deps, inTurn, async (part) => {
        const some = part
          .map((request) => ({ ...request, task: request.observation.entry.task }))
          // What was done about a task since the poll is not in its observation.
          .filter(({ task, observation }) => journal.entries.get(task) === observation.entry && !busy.has(task));
        const recorded: Recorded[] = [];
        const read = async (request: RecordRequest & { readonly task: TaskId }): Promise<void> => {
          turns.set(request.task, clock.now());
          recorded.push({ ...request, ...(await readRecord(deps, request)) });
        };
        const areAllRead = await forEachUntil(deps, some, read, { until, signal });
        const explained = await withEndDetails(deps, recorded, signal);
        const decideAndAct = async ({ observation, jobId, record }: Recorded): Promise<void> => {
          const actions = await decideWith(deps, observation, record);
          const other = findAction(actions, 'read-record')?.jobId;
          if (other === undefined) return act(observation, actions, record);
          const foundGateClosed = [...(observation.foundGateClosed ?? []), jobId];
          others.push({ observation: { ...observation, foundGateClosed }, jobId: other });
        };
        const actUntil = Math.max(until, clock.now() + ACT_MS);
        const areAllActed = await forEachUntil(deps, explained, decideAndAct, { until: actUntil, signal });
        return areAllRead && areAllActed;
      });
      const areOthersDone = others.length === 0 || (await decisions.decide(others, act, signal));
      return areAllDone && areOthersDone;
    },
  };
  return decisions;
}

/** A record counts only if it has the listed job name: Slurm reuses job ids. */
async function readRecord(
  { scheduler, unixUsers }: DaemonDeps,
  { observation: { jobs, entry }, jobId }: RecordRequest,
): Promise<Pick<Recorded, 'name' | 'record'>> {
  const name = jobs.find(({ id }) => id === jobId)?.name;
  const found = await scheduler.record(jobId, { ...(name === undefined ? {} : { name }), runAs: entry.unixUser });
  const isOthers = unixUsers !== undefined && found?.isOthers === true && entry.isOthersJob !== true;
  return { name, record: found?.name === name && !isOthers ? found : undefined };
}

/** Adds what only accounting has, in one query; nothing while accounting does not respond. */
async function withEndDetails(
  { scheduler }: DaemonDeps,
  recorded: readonly Recorded[],
  signal: AbortSignal,
): Promise<readonly Recorded[]> {
  const jobs = recorded.flatMap(({ observation, jobId: id, name, record }): JobKey[] => {
    if (name === undefined || record === undefined || !isExplainedByAccounting(record)) return [];
    const unixUser = observation.entry.unixUser?.name;
    return [{ id, name, ...(unixUser === undefined ? {} : { unixUser }) }];
  });
  if (jobs.length === 0) return recorded;
  const details = await scheduler.endDetails(jobs, signal);
  return recorded.map((one) => {
    const its = details.get(one.jobId);
    if (its === undefined || one.record === undefined || !isExplainedByAccounting(one.record)) return one;
    return { ...one, record: { ...one.record, ...its, memoryLimit: one.record.memoryLimit ?? its.memoryLimit } };
  });
}

/** Decides again with Slurm's record of the job, and with its log if the decision requests that. */
async function decideWith(
  deps: DaemonDeps,
  observation: Observation,
  record: JobRecord | undefined,
): Promise<readonly Action[]> {
  const recorded = { ...observation, record: record ?? 'gone' } as const;
  const actions = decide(recorded);
  const job = observation.jobs.find(({ id }) => id === findAction(actions, 'read-log')?.jobId);
  if (job === undefined) return actions;
  return decide({ ...recorded, hasBegun: await readBeginning(deps, job, record) });
}

/**
 * Whether the script of the job began in its last start; unknown if its log cannot be read as a whole. A restarted controller kills a
 * script that began, whose line the log then holds: an empty log means that a script could not write to it.
 */
async function readBeginning(
  { jobLogs }: DaemonDeps,
  { id, startAt }: Job,
  record: JobRecord | undefined,
): Promise<boolean | 'unknown'> {
  const log = await jobLogs.read(record, { decides: true });
  if (log?.kind !== 'read' || log.tail === '' || startAt === undefined) return 'unknown';
  if (hasSpankFailed(log.tail)) return 'unknown';
  return hasBegun(log.tail, { id, startAt }) || (log.isWhole === true ? false : 'unknown');
}
