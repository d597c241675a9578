// Reads how many nodes and GPUs each live job has or, if it is pending, asks for: with a separate squeue call, for limits.
import type { CommandResult } from '../transport/transport.ts';
import { failureMessage, oneLine, SlurmUnavailableError } from './errors.ts';
import { isJobId } from './parse-job-row.ts';
import type { JobId, JobSize } from './scheduler.ts';

/** With their widths: `--Format` pads and truncates. */
const FIELDS: readonly (readonly [name: string, width: number])[] = [
  ['JobID', 12],
  ['NumNodes', 12],
  ['NumTasks', 12],
  ['tres-alloc', 160],
  ['tres-per-job', 60],
  ['tres-per-node', 60],
  ['tres-per-task', 60],
];

/**
 * The arguments for a list of the live jobs of these users. No letter of `--format` prints the GPUs of a job (squeue(1)).
 * @param mark as for {@link squeueArgs}: ends each field, so that no request of a job can imitate a row
 */
export function squeueSizesArgs(mark: string, whose: 'ours' | readonly number[]): string[] {
  const users = whose === 'ours' ? '--me' : `--user=${whose.join(',')}`;
  const format = FIELDS.map(([name, width]) => `${name}:${width}${fieldEnd(mark)}`).join(',');
  return ['--all', users, '--noheader', `--Format=${format}`];
}

/** @throws SlurmUnavailableError */
export function parseSqueueSizes(result: CommandResult, mark: string): Map<JobId, JobSize> {
  if (result.exitCode !== 0) throw new SlurmUnavailableError(failureMessage('squeue', result));
  if (result.stderr.trim() !== '') throw new SlurmUnavailableError(oneLine(result.stderr));
  const fields = result.stdout.split(fieldEnd(mark));
  const rest = fields.pop() ?? '';
  if (rest.trim() !== '' || fields.length % FIELDS.length !== 0)
    throw new SlurmUnavailableError('the list of job sizes is truncated');
  const sizes = new Map<JobId, JobSize>();
  for (let at = 0; at < fields.length; at += FIELDS.length) {
    const [id = '', nodes, tasks, allocated = '', perJob = '', perNode = '', perTask = ''] = fields
      .slice(at, at + FIELDS.length)
      .map((field) => field.trim());
    const [nodeCount, taskCount] = [parseCount(nodes), parseCount(tasks)];
    // Slurm counts GPUs in tres-alloc only if AccountingStorageTRES has them (slurm.conf(5)).
    const gpus = Math.max(
      gpusIn(allocated),
      gpusIn(perJob),
      gpusIn(perNode) * nodeCount,
      gpusIn(perTask) * Math.max(taskCount, 1),
    );
    if (isJobId(id)) sizes.set(id, { nodes: nodeCount, gpus });
  }
  return sizes;
}

function fieldEnd(mark: string): string {
  return `|${mark}`;
}

/** `4`; a job without a number has at least one. */
function parseCount(text = ''): number {
  return /^[1-9]\d{0,8}$/.test(text) ? Number(text) : 1;
}

/**
 * The GPUs in `cpu=2,node=2,gres/gpu=2,gres/gpu:a100=2`, `gres:gpu:a100:2` (22.05) or `gres/gpu:2`: the sum over the types, or the
 * total if that is more.
 */
export function gpusIn(tres: string): number {
  let total = 0;
  let typed = 0;
  for (const part of tres.split(',')) {
    // A type may begin with a digit, as MIG profiles do, or be a number: `4090`. A number alone is a count.
    const [, type, count = '1'] = /^(?:gres[:/])?gpu(?:[:/](\d+(?=[:=])|[^:=]*[^:=\d][^:=]*))?(?:[:=](\d{1,9}))?$/.exec(
      part.trim(),
    ) ?? ['', undefined, '0'];
    if (type === undefined) total += Number(count);
    else typed += Number(count);
  }
  return Math.max(total, typed);
}

/** The nodes of a list as squeue prints it, such as `n[01-04,7],gpu3`; undefined for a list that is truncated, or in a notation of several dimensions. */
export function countNodes(list: string): number | undefined {
  let nodes = 0;
  let rest = list;
  while (rest !== '') {
    const [part = '', ranges] = /^[\w.-]+(?:\[([\d,-]+)\])?(?:,(?=.)|$)/.exec(rest) ?? [];
    if (part === '') return undefined;
    const its = ranges === undefined ? 1 : countRanges(ranges);
    if (its === undefined) return undefined;
    nodes += its;
    rest = rest.slice(part.length);
  }
  return nodes === 0 ? undefined : nodes;
}

function countRanges(ranges: string): number | undefined {
  let nodes = 0;
  for (const range of ranges.split(',')) {
    const [, from, to = from] = /^(\d+)(?:-(\d+))?$/.exec(range) ?? [];
    if (from === undefined || Number(to) < Number(from)) return undefined;
    nodes += Number(to) - Number(from) + 1;
  }
  return nodes;
}
