// End: the daemon's word about a task whose agent could not say it, with Slurm's reason and the end of the job's log.
import { LostRaceError } from '../../clearml/errors.ts';
import type { ConsoleLine } from '../../clearml/client.ts';
import type { Task } from '../../clearml/task.ts';
import { cleanLogTail } from '../../slurm/log-tail.ts';
import type { JobRecord } from '../../slurm/scheduler.ts';
import { showsCompletion } from '../console/agent-messages.ts';
import type { Ending } from '../decide/action.ts';
import type { Entry } from '../journal/entry.ts';
import type { DaemonDeps } from '../deps.ts';
import { removeJobConf } from '../submit/job-conf.ts';
import type { JobLog } from '../console/job-logs.ts';
import { findLogAdvice } from '../console/log-advice.ts';
import { describeRankEnd } from '../console/ranks.ts';
import { logToConsole } from '../console/console.ts';
import { isUnchanged } from './unchanged.ts';

export interface EndBasis {
  /** The task as it was when the decision was made. */
  readonly seen: Task;
  /** Its entry is in the scheduler queue: that is taken first, so that no job can begin the task any more. */
  readonly isParked: boolean;
  /** Slurm's record of the job, which names the log. */
  readonly record?: JobRecord | undefined;
}

const TAIL_LINES = 30;
/** What went wrong may be followed by what others say of it. */
const ADVISED_LINES = 100;
/** The web page shows about this much of a status message. */
const MESSAGE_LENGTH = 200;

/**
 * Ends the task and forgets it. When somebody else was first (an abort, another job, another daemon) nothing is changed or said,
 * and the next round sees what became of it.
 */
export async function endTask(deps: DaemonDeps, entry: Entry, ending: Ending, judged: EndBasis): Promise<void> {
  const decides = ending.status === 'completed by the log';
  const log = ending.withLog ? await deps.jobLogs.read(judged.record, { decides }) : undefined;
  if (judged.isParked && !(await deps.clearml.queues.removeEntry(deps.schedulerQueue, entry.task))) return;
  if (!(await isUnchanged(deps, entry.task, judged.seen))) return;

  const status = ending.status === 'completed by the log' ? statusFromLog(log) : ending.status;
  const rank = ending.namesRank === true ? describeRankEnd(log?.kind === 'read' ? log.tail : '') : undefined;
  const advice = adviceIn(log);
  const told = `${ending.text}${advice.length === 0 ? (ending.guess ?? '') : ''}`;
  const text = rank === undefined ? told : `${rank} ${told}`;
  const note = { reason: ending.reason, message: text.slice(0, MESSAGE_LENGTH) };
  try {
    // The server lets a waiting task fail only by force.
    if (status === 'failed')
      await deps.clearml.tasks.fail(entry.task, note, { force: judged.seen.status === 'queued' });
    else if (status === 'stopped') await deps.clearml.tasks.stop(entry.task, note, { force: false });
    else await deps.clearml.tasks.complete(entry.task, note);
  } catch (error) {
    if (error instanceof LostRaceError) return;
    throw error;
  }
  deps.log.info('Ended', {
    task: entry.task,
    job: entry.jobId,
    queue: entry.queueName,
    status,
    why: text,
  });
  await deps.journal.forget(entry.task);

  const lines: ConsoleLine[] = [{ level: status === 'failed' ? 'ERROR' : 'WARNING', text }];
  if (status === 'failed' && log !== undefined) {
    lines.push(...advice, { level: 'INFO', text: quoteLog(log) });
  }
  await logToConsole(deps, entry.task, ...lines);
  await removeJobConf(deps, entry);
}

/** What the end of the job's log tells of why it failed, where that is known. */
export async function readAdvice(deps: DaemonDeps, record: JobRecord | undefined): Promise<ConsoleLine[]> {
  return adviceIn(await deps.jobLogs.read(record));
}

function adviceIn(log: JobLog | undefined): ConsoleLine[] {
  const text = log?.kind === 'read' ? findLogAdvice(cleanLogTail(log.tail, ADVISED_LINES)) : undefined;
  return text === undefined ? [] : [{ level: 'WARNING', text }];
}

function statusFromLog(log: JobLog | undefined): 'completed' | 'failed' {
  return log?.kind === 'read' && showsCompletion(log.tail) ? 'completed' : 'failed';
}

function quoteLog(log: JobLog): string {
  if (log.kind === 'not shown') return log.why;
  const tail = cleanLogTail(log.tail, TAIL_LINES);
  return tail === '' ? `The job's log ${log.path} is empty.` : `The last lines of the job's log ${log.path}:\n${tail}`;
}
