// The console lines that come from the end of the log of an ended job: whole lines, without terminal control sequences.
import type { ConsoleLine } from '../../clearml/client.ts';
import type { JobRecord } from '../../slurm/scheduler.ts';
import type { Action } from '../decide/action.ts';
import type { DaemonDeps } from '../deps.ts';
import { findLogAdvice } from './job-log-advice.ts';
import type { JobLog } from './job-log-reader.ts';
import { describeIdleRanks, describeRankEnd } from './ranks.ts';
import { visibleText } from '../../base/terminal-text.ts';

/** The error message may be followed by messages that it causes. */
const ADVISED_LINES = 100;

/** Returns the line of the action, with what the action asks for from the job's log. The log may be on a slow file system: it is read once. */
export async function linesOf(
  { jobLogs }: Pick<DaemonDeps, 'jobLogs'>,
  action: Extract<Action, { readonly do: 'log' }>,
  record: JobRecord | undefined,
): Promise<ConsoleLine[]> {
  const { level, text, namesRank = false, withAdvice = false, withIdleRanks = false } = action;
  const log = namesRank || withAdvice || withIdleRanks ? await jobLogs.read(record) : undefined;
  return [
    { level, text: namesRank ? `${failedRankIn(log)}${text}` : text },
    ...(withAdvice ? adviceIn(log) : []),
    ...(withIdleRanks ? warningIn(log, describeIdleRanks) : []),
  ];
}

/** Returns which rank of the job failed first, as a sentence before another; empty if the log does not show it. */
export function failedRankIn(log: JobLog | undefined): string {
  const text = log?.kind === 'read' ? describeRankEnd(log.tail) : undefined;
  return text === undefined ? '' : `${text} `;
}

/** Returns the cause of the failure, if the log shows one that is known. */
export function adviceIn(log: JobLog | undefined): ConsoleLine[] {
  return warningIn(log, (tail) => findLogAdvice(cleanLogTail(tail, ADVISED_LINES)));
}

function warningIn(log: JobLog | undefined, find: (tail: string) => string | undefined): ConsoleLine[] {
  const text = log?.kind === 'read' ? find(log.tail) : undefined;
  return text === undefined ? [] : [{ level: 'WARNING', text }];
}

/** Longer lines are data, not messages. */
const MAX_LINE = 500;

/**
 * The last lines of a log, ready to print; empty if there are none.
 * A progress bar overwrites its line, so only its last state is kept.
 */
export function cleanLogTail(text: string, maxLines: number): string {
  const lines = text.split(/\r?\n/).map(cleanLine);
  while (lines.at(-1) === '') lines.pop();
  return lines.slice(-maxLines).join('\n');
}

function cleanLine(line: string): string {
  const clean = visibleText(line).trimEnd();
  return clean.length > MAX_LINE ? `${clean.slice(0, MAX_LINE - 1)}…` : clean;
}
