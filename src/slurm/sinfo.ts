// Parses sinfo: the partitions visible to this user, and the resources of their nodes.

export interface Partition {
  readonly name: string;
  readonly isDefault: boolean;
  readonly isUp: boolean;
  /** The longest time limit of a job there, in the format of sbatch's --time; `infinite` without a limit. */
  readonly timeLimit: string;
  readonly nodes: number;
  /** Nodes that run jobs, or could. */
  readonly usableNodes: number;
  /** Of the largest node. */
  readonly cpus: number;
  readonly memoryMb: number;
  /** The types of generic resources, such as `gpu:a100:4`. */
  readonly gres: readonly string[];
}

/** One line for each type of node in each state; sinfo itself omits partitions that this user may not use. */
export const SINFO_ARGS: readonly string[] = ['--noheader', '--format=%P|%a|%l|%D|%T|%c|%m|%G'];

/** A state without its suffix: `*` means that the node does not respond. */
const USABLE = /^(?:idle|mixed|allocated|completing|planned|reserved|allocated\+|mixed\+)[~#!%@^+-]?$/;

/** In the order of sinfo. */
export function parsePartitions(text: string): Partition[] {
  const partitions = new Map<string, Partition>();
  for (const line of text.split('\n')) {
    const [shownName, available, timeLimit, nodes, state, cpus, memory, gres] = line.trim().split('|');
    if (shownName === undefined || available === undefined || timeLimit === undefined || gres === undefined) continue;
    const name = shownName.replace(/\*$/, '');
    const before = partitions.get(name);
    const count = parseNumber(nodes);
    partitions.set(name, {
      name,
      isDefault: shownName.endsWith('*'),
      isUp: available === 'up',
      timeLimit,
      nodes: (before?.nodes ?? 0) + count,
      usableNodes: (before?.usableNodes ?? 0) + (USABLE.test(state ?? '') ? count : 0),
      cpus: Math.max(before?.cpus ?? 0, parseNumber(cpus)),
      memoryMb: Math.max(before?.memoryMb ?? 0, parseNumber(memory)),
      gres: [...new Set([...(before?.gres ?? []), ...parseGres(gres)])],
    });
  }
  return [...partitions.values()];
}

/** `16+` if the nodes of a line differ. */
function parseNumber(text: string | undefined): number {
  return Number(/^\d+/.exec(text ?? '')?.[0] ?? 0);
}

/** `gpu:a100:4(S:0-1),shard:8`, or `(null)` for none. */
function parseGres(text: string): string[] {
  if (text === '(null)') return [];
  return text
    .replace(/\([^)]*\)/g, '')
    .split(',')
    .filter((kind) => kind !== '');
}
