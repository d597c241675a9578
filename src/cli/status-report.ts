// How the tasks stand, as text for a person and as JSON for a program.
import { textTable } from '../base/text-table.ts';
import { wrapText } from '../base/wrap-text.ts';
import type { Holder } from '../glue/lock.ts';
import type { StatusRow } from '../glue/status-row.ts';
import type { Survey } from '../glue/survey.ts';
import { formatTime } from '../glue/wording.ts';
import { cleanLogTail } from '../slurm/log-tail.ts';

export interface ClusterStatus extends Survey {
  /** undefined for the only one, when it was given no name. */
  readonly cluster: string | undefined;
  readonly stateDir: string;
  /** Who serves it at the moment. */
  readonly daemon: Holder | undefined;
}

const HEAD = ['TASK', 'NAME', 'QUEUE', 'JOB', 'STATE', 'SINCE', 'NODE', 'WHY'];
/** Longer names are cut: what tells tasks apart is the id. */
const NAME_LENGTH = 24;

/** @param columns of the terminal, where it is one: a table that is wider is written as a few lines for each task instead */
export function statusText(clusters: readonly ClusterStatus[], columns = Infinity): string {
  return clusters.map((cluster) => clusterText(cluster, columns)).join('\n');
}

function clusterText(
  { cluster, stateDir, daemon, rows, clearmlTrouble, slurmTrouble }: ClusterStatus,
  columns: number,
): string {
  const serves = cluster === undefined ? 'Daemon' : `Cluster ${cluster}: daemon`;
  const lines = [
    daemon === undefined
      ? `${serves} not running (state folder ${stateDir}): jobs go on, but nothing is taken or told until it is started.`
      : `${serves} running: process ${daemon.pid} on ${daemon.host}, since ${formatTime(daemon.since)}.`,
  ];
  if (clearmlTrouble !== undefined)
    lines.push(`ClearML could not be asked, so names and states of tasks are missing: ${clearmlTrouble}.`);
  if (slurmTrouble !== undefined)
    lines.push(`Slurm could not be asked, so jobs are shown as the journal knows them: ${slurmTrouble}.`);
  const said = lines.map((line) => wrapText(line, { width: columns })).join('');
  return said + (rows.length === 0 ? 'No task is on its way.\n' : rowsText(rows, columns));
}

function rowsText(rows: readonly StatusRow[], columns: number): string {
  const table = textTable(HEAD, rows.map(cells));
  const isTooWide = table.split('\n').some((line) => line.length > columns);
  return isTooWide ? rows.map((row) => fewLines(row, columns)).join('') : table;
}

/** One task where there is no room for a table. */
function fewLines(row: StatusRow, width: number): string {
  const [task = '', name = '', queue = '', job = '', state = '', since = '', nodes = '', why = ''] = cells(row);
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

function cells({ task, name, queue, job, state, since, nodes, why }: StatusRow): string[] {
  const shown = cleanLogTail((name ?? '').replaceAll(/\s+/g, ' '), 1);
  const cut = shown.length > NAME_LENGTH ? `${shown.slice(0, NAME_LENGTH - 1)}…` : shown;
  const moment = since === undefined ? undefined : formatTime(since);
  return [task, cut, queue ?? '-', job ?? '-', state, moment ?? '-', nodes ?? '-', why];
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
