// Formats the status of tasks: as text for users, as JSON for programs.
import { systemClock } from '../base/clock.ts';
import { formatDuration } from '../base/format-duration.ts';
import { visibleLine, type Paint } from '../base/terminal-text.ts';
import { textTable } from '../base/text-table.ts';
import { limitText } from '../base/truncate-text.ts';
import { cutToWidth, textWidth, wrapText } from '../base/wrap-text.ts';
import { describeUse } from '../daemon/claim/report-limit-use.ts';
import type { LimitUse } from '../daemon/claim/hold-reasons.ts';
import type { StatusRow } from '../daemon/status/status-row.ts';
import type { ClusterStatus } from '../daemon/status/collect-status.ts';
import { explainPause, formatTime, PAUSES_UNREADABLE } from '../daemon/console/console-messages.ts';
import { LIMIT_SETTINGS } from '../base/job-limits.ts';
import { isLive, parseJobState } from '../slurm/job-state.ts';

const HEAD = ['TASK', 'NAME', 'QUEUE', 'JOB', 'STATE', 'SINCE', 'NODE', 'WHY'];
/** Longer names are truncated; the id identifies a task. */
const NAME_WIDTH = 24;

export interface StatusStyle {
  readonly paint: Paint;
  /** Width of the terminal; without one, each task is one line. */
  readonly columns: number;
}

/** The line above a watched status. */
export function statusHead(intervalMs: number): string {
  const time = new Date(systemClock.now()).toISOString().slice(11, 19);
  return `Updated at ${time} UTC; refreshes every ${formatDuration(intervalMs)}. Press Ctrl-C to exit.\n`;
}

export function statusText(clusters: readonly ClusterStatus[], style: StatusStyle): string {
  return clusters.map((cluster) => clusterText(cluster, style)).join('\n');
}

function clusterText(seen: ClusterStatus, style: StatusStyle): string {
  const { cluster, stateDir, daemon, rows, clearmlError, slurmError, now } = seen;
  const serves = cluster === undefined ? 'Daemon' : `Cluster ${cluster}: daemon`;
  const lines = [
    daemon === undefined
      ? `${serves} ${style.paint('doubtful', 'not running')} (state directory ${stateDir}). Jobs keep running, but no task is claimed or updated.`
      : `${serves} running: process ${daemon.pid} on ${daemon.host}, since ${formatTime(daemon.since)} (${formatDuration(now - daemon.since)}).${daemon.draining ? ` It is ${style.paint('doubtful', 'draining')}: it claims no new tasks and exits after its last job.` : ''}`,
  ];
  if (clearmlError !== undefined)
    lines.push(
      `ClearML ${style.paint('bad', 'could not be queried')}, so task names and states are missing: ${clearmlError}.`,
    );
  if (slurmError !== undefined)
    lines.push(
      `Slurm ${style.paint('bad', 'could not be queried')}, so job states are from the journal: ${slurmError}.`,
    );
  if (seen.pauses === undefined) lines.push(PAUSES_UNREADABLE);
  for (const pause of seen.pauses ?? []) lines.push(explainPause(pause, style.paint('doubtful', 'paused')));
  lines.push(...limitLines(seen.limits));
  const said = lines.map((line) => wrapText(line, { width: style.columns })).join('');
  const active =
    rows.length === 0
      ? 'No active tasks.\n'
      : tableOrLines(
          HEAD,
          rows.map((row) => cells(row, style.paint)),
          style.columns,
          fewLines,
        );
  return said + active + waitingText(seen, style) + endedText(seen, style);
}

/** One line for each queue with limits, and one for the cluster. */
function limitLines(limits: ClusterStatus['limits']): string[] {
  const byQueue = new Map<string | undefined, LimitUse[]>();
  for (const { queue, ...use } of limits) byQueue.set(queue, [...(byQueue.get(queue) ?? []), use]);
  return [...byQueue].map(
    ([queue, uses]) =>
      `${queue === undefined ? 'Limits' : `Limits of queue ${queue}`}: ${uses.map(describeUse).join(', ')}.`,
  );
}

const WAITING_HEAD = ['PLACE', 'TASK', 'NAME', 'QUEUE', 'SINCE'];

/** Tasks that no daemon has claimed. */
function waitingText({ waiting, waitingCount }: ClusterStatus, style: StatusStyle): string {
  if (waitingCount === 0) return '';
  const areHeld = waiting.some(({ why }) => why !== '');
  const rows = waiting.map(({ place, task, name, queue, since, why }) => [
    String(place),
    task,
    shownName(name),
    queue,
    shownTime(since),
    ...(areHeld ? [onOneLine(why)] : []),
  ]);
  const more = waitingCount - waiting.length;
  const head = `\nWaiting in queues: ${waitingCount}${more === 0 ? '' : ' (shown: the first tasks of each)'}\n`;
  return head + tableOrLines([...WAITING_HEAD, ...(areHeld ? ['WHY'] : [])], rows, style.columns);
}

const ENDED_HEAD = ['TASK', 'NAME', 'QUEUE', 'JOB', 'STATUS', 'ENDED', 'WHY'];

function endedText({ ended, endedSinceMs }: ClusterStatus, style: StatusStyle): string {
  if (ended.length === 0) return '';
  const rows = ended.map(({ task, name, queue, job, status, endedAt, why }) => [
    task,
    shownName(name),
    queue,
    job ?? '-',
    style.paint(status === 'failed' ? 'bad' : status === 'stopped' ? 'doubtful' : 'good', status),
    shownTime(endedAt),
    onOneLine(why),
  ]);
  const head = `\nEnded in the last ${formatDuration(endedSinceMs)}: ${ended.length}\n`;
  return head + tableOrLines(ENDED_HEAD, rows, style.columns);
}

function shownTime(at: number | undefined): string {
  return at === undefined ? '-' : formatTime(at);
}

function shownName(name: string | undefined): string {
  return cutToWidth(onOneLine(name ?? ''), NAME_WIDTH);
}

/** Without control characters. The owner of a task may set a name or a status reason of any length. */
function onOneLine(text: string): string {
  return limitText(visibleLine(text).trimEnd(), 'shownReason');
}

/** If the terminal is too narrow for a table, prints each row as text. */
function tableOrLines(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  columns: number,
  rowText = cellsInARow,
): string {
  const facts = textTable(
    head,
    rows.map((row) => (head.at(-1) === 'WHY' ? [...row.slice(0, -1), ''] : row)),
  );
  if (facts.split('\n').every((line) => textWidth(line) <= columns)) return textTable(head, rows, columns);
  return rows.map((row) => rowText(row, columns)).join('');
}

function cellsInARow(row: readonly string[], width: number): string {
  return wrapText(row.filter((cell) => cell !== '').join('  '), { width });
}

function fewLines(row: readonly string[], width: number): string {
  const [task = '', name = '', queue = '', job = '', state = '', since = '', nodes = '', why = ''] = row;
  const facts = [
    `queue ${queue}`,
    ...(job === '-' ? [] : [`job ${job}`]),
    `${state}${since === '-' ? '' : ` since ${since}`}`,
    ...(nodes === '-' ? [] : [`on ${nodes}`]),
  ];
  const lines = [facts.join(', '), ...(why === '' ? [] : [why])];
  return (
    wrapText(`${task}  ${name}`, { width }) + lines.map((line) => wrapText(line, { indent: '    ', width })).join('')
  );
}

function cells({ task, name, queue, job, state, since, nodes, why }: StatusRow, paint: Paint): string[] {
  const color = colorOf(state);
  return [
    task,
    shownName(name),
    queue ?? '-',
    job ?? '-',
    color === undefined ? state : paint(color, state),
    shownTime(since),
    nodes ?? '-',
    why,
  ];
}

/** Waiting jobs have no color. */
function colorOf(state: string): 'good' | 'bad' | 'doubtful' | undefined {
  if (['absent', 'unknown', 'orphaned'].includes(state)) return 'doubtful';
  const known = parseJobState(state);
  if (known === 'RUNNING' || known === 'COMPLETED') return 'good';
  return isLive(known) ? undefined : 'bad';
}

/** For programs: keys are only added, never renamed or removed. */
export function statusDocument(clusters: readonly ClusterStatus[]): object {
  return {
    clusters: clusters.map(
      ({ cluster, stateDir, daemon, rows, clearmlError, slurmError, waiting, pauses, ...more }) => ({
        cluster: cluster ?? null,
        stateDir,
        daemon:
          daemon === undefined
            ? null
            : { host: daemon.host, pid: daemon.pid, since: isoTime(daemon.since), draining: daemon.draining },
        clearmlTrouble: clearmlError ?? null,
        slurmTrouble: slurmError ?? null,
        tasks: rows.map(({ task, name, owner, queue, job, state, since, nodes, startsAt, why }) => ({
          task,
          name: name ?? null,
          owner: owner ?? null,
          queue: queue ?? null,
          job: job ?? null,
          state,
          since: isoTime(since),
          nodes: nodes ?? null,
          expectedStart: isoTime(startsAt),
          why,
        })),
        waiting: waiting.map(({ name, since, ...row }) => ({
          ...row,
          name: name ?? null,
          since: isoTime(since),
        })),
        waitingCount: more.waitingCount,
        pauses:
          pauses?.map(({ queue, since, until, reason, by }) => ({
            queue,
            since: isoTime(since),
            until: isoTime(until ?? undefined),
            reason,
            by: by ?? null,
          })) ?? null,
        limits: more.limits.map(({ queue, name, limit, used, usersAtLimit }) => ({
          queue: queue ?? null,
          name: LIMIT_SETTINGS[name],
          limit,
          used,
          usersAtLimit: usersAtLimit ?? null,
        })),
        ended: more.ended.map(({ endedAt, job, ...row }) => ({
          ...row,
          job: job ?? null,
          endedAt: isoTime(endedAt),
        })),
      }),
    ),
  };
}

function isoTime(at: number | undefined): string | null {
  return at === undefined ? null : new Date(at).toISOString();
}
