// sinfo: the partitions that this user sees, with what their nodes have.

export interface Partition {
  readonly name: string;
  readonly isDefault: boolean;
  readonly isUp: boolean;
  /** The longest a job may take there, as sbatch's --time takes it; `infinite` where there is no limit. */
  readonly timeLimit: string;
  readonly nodes: number;
  /** Nodes that run jobs, or could. */
  readonly usableNodes: number;
  /** Of its largest node. */
  readonly cpus: number;
  readonly memoryMb: number;
  /** Its kinds of generic resources, such as `gpu:a100:4`. */
  readonly gres: readonly string[];
}

/** One line for each kind of node in each state; partitions that this user may not use are left out by sinfo itself. */
export const SINFO_ARGS: readonly string[] = ['--noheader', '--format=%P|%a|%l|%D|%T|%c|%m|%G'];

/** A state, without the marks behind it: `*` says that the node does not answer. */
const USABLE = /^(?:idle|mixed|allocated|completing|planned|reserved|allocated\+|mixed\+)[~#!%@^+-]?$/;

/** In sinfo's order. */
export function readPartitions(text: string): Partition[] {
  const partitions = new Map<string, Partition>();
  for (const line of text.split('\n')) {
    const [shownName, available, timeLimit, nodes, state, cpus, memory, gres] = line.trim().split('|');
    if (shownName === undefined || available === undefined || timeLimit === undefined || gres === undefined) continue;
    const name = shownName.replace(/\*$/, '');
    const before = partitions.get(name);
    const count = readNumber(nodes);
    partitions.set(name, {
      name,
      isDefault: shownName.endsWith('*'),
      isUp: available === 'up',
      timeLimit,
      nodes: (before?.nodes ?? 0) + count,
      usableNodes: (before?.usableNodes ?? 0) + (USABLE.test(state ?? '') ? count : 0),
      cpus: Math.max(before?.cpus ?? 0, readNumber(cpus)),
      memoryMb: Math.max(before?.memoryMb ?? 0, readNumber(memory)),
      gres: [...new Set([...(before?.gres ?? []), ...readGres(gres)])],
    });
  }
  return [...partitions.values()];
}

/** `16+` where the nodes of a line differ. */
function readNumber(text: string | undefined): number {
  return Number(/^\d+/.exec(text ?? '')?.[0] ?? 0);
}

/** `gpu:a100:4(S:0-1),shard:8`, or `(null)` where there are none. */
function readGres(text: string): string[] {
  if (text === '(null)') return [];
  return text
    .replace(/\([^)]*\)/g, '')
    .split(',')
    .filter((kind) => kind !== '');
}
