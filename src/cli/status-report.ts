// How the tasks stand, as text for a person and as JSON for a program.
import { textTable } from '../base/text-table.ts';
import { cutToWidth, textWidth } from '../base/text-width.ts';
import { wrapText } from '../base/wrap-text.ts';
import type { Holder } from '../glue/lock.ts';
import type { StatusRow } from '../glue/status-row.ts';
import type { Survey } from '../glue/survey.ts';
import { formatTime } from '../glue/wording.ts';
import { isLive, readJobState } from '../slurm/job-state.ts';
import { cleanLogTail } from '../slurm/log-tail.ts';
import type { Paint } from './paint.ts';

export interface ClusterStatus extends Survey {
  /** undefined for the only one, when it was given no name. */
  readonly cluster: string | undefined;
  readonly stateDir: string;
  /** Who serves it at the moment. */
  readonly daemon: Holder | undefined;
}

const HEAD = ['TASK', 'NAME', 'QUEUE', 'JOB', 'STATE', 'SINCE', 'NODE', 'WHY'];
/** Longer names are cut: what tells tasks apart is the id. */
const NAME_WIDTH = 24;

export interface StatusLook {
  readonly paint: Paint;
  /** Of the terminal; without one, each task is one line. */
  readonly columns: number;
}

export function statusText(clusters: readonly ClusterStatus[], look: StatusLook): string {
  return clusters.map((cluster) => clusterText(cluster, look)).join('\n');
}

function clusterText(
  { cluster, stateDir, daemon, rows, clearmlTrouble, slurmTrouble }: ClusterStatus,
  look: StatusLook,
): string {
  const serves = cluster === undefined ? 'Daemon' : `Cluster ${cluster}: daemon`;
  const lines = [
    daemon === undefined
      ? `${serves} ${look.paint('doubtful', 'not running')} (state folder ${stateDir}): jobs go on, but nothing is taken or told until it is started.`
      : `${serves} running: process ${daemon.pid} on ${daemon.host}, since ${formatTime(daemon.since)}.`,
  ];
  if (clearmlTrouble !== undefined)
    lines.push(
      `ClearML ${look.paint('bad', 'could not be asked')}, so names and states of tasks are missing: ${clearmlTrouble}.`,
    );
  if (slurmTrouble !== undefined)
    lines.push(
      `Slurm ${look.paint('bad', 'could not be asked')}, so jobs are shown as the journal knows them: ${slurmTrouble}.`,
    );
  const said = lines.map((line) => wrapText(line, { width: look.columns })).join('');
  return said + (rows.length === 0 ? 'No task is on its way.\n' : rowsText(rows, look));
}

/** Where there is no room for a table, a few lines for each task. */
function rowsText(rows: readonly StatusRow[], look: StatusLook): string {
  const shown = rows.map((row) => cells(row, look.paint));
  const facts = textTable(
    HEAD,
    shown.map((row) => [...row.slice(0, -1), '']),
  );
  const isTooWide = facts.split('\n').some((line) => textWidth(line) > look.columns);
  return isTooWide ? shown.map((row) => fewLines(row, look.columns)).join('') : textTable(HEAD, shown, look.columns);
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
  const shown = cleanLogTail((name ?? '').replaceAll(/\s+/g, ' '), 1);
  const moment = since === undefined ? '-' : formatTime(since);
  const colour = colourOf(state);
  return [
    task,
    cutToWidth(shown, NAME_WIDTH),
    queue ?? '-',
    job ?? '-',
    colour === undefined ? state : paint(colour, state),
    moment,
    nodes ?? '-',
    why,
  ];
}

/** What waits its turn has none. */
function colourOf(state: string): 'good' | 'bad' | 'doubtful' | undefined {
  if (['absent', 'unknown', 'orphaned'].includes(state)) return 'doubtful';
  const known = readJobState(state);
  if (known === 'RUNNING' || known === 'COMPLETED') return 'good';
  return isLive(known) ? undefined : 'bad';
}

/** The same for programs: names are only ever added to it. */
export function statusDocument(clusters: readonly ClusterStatus[]): object {
  return {
    clusters: clusters.map(({ cluster, stateDir, daemon, rows, clearmlTrouble, slurmTrouble }) => ({
      cluster: cluster ?? null,
      stateDir,
      daemon: daemon === undefined ? null : { host: daemon.host, pid: daemon.pid, since: isoTime(daemon.since) },
      clearmlTrouble: clearmlTrouble ?? null,
      slurmTrouble: slurmTrouble ?? null,
      tasks: rows.map(({ task, name, queue, job, state, since, nodes, why }) => ({
        task,
        name: name ?? null,
        queue: queue ?? null,
        job: job ?? null,
        state,
        since: since === undefined ? null : isoTime(since),
        nodes: nodes ?? null,
        why,
      })),
    })),
  };
}

function isoTime(at: number): string {
  return new Date(at).toISOString();
}
