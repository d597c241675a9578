// The stand-in's sinfo: its partitions, in the usual table or in a format.
import { formatDuration } from '../durations.ts';
import { fillFormat } from './formatting.ts';
import { formatNodes } from '../node-list.ts';
import type { ClusterView } from './cluster-view.ts';
import { readCommandLine, type Option } from '../options.ts';
import { nodeNames } from '../placement.ts';
import type { StandInPartition, StandInSettings } from '../settings.ts';
import type { CommandCall, CommandReply } from '../wire.ts';

const OPTIONS: readonly Option[] = [
  { long: 'format', short: 'o', value: 'required' },
  { long: 'long', short: 'l' },
  { long: 'Node', short: 'N' },
  { long: 'noheader', short: 'h' },
  { long: 'partition', short: 'p', value: 'required' },
  { long: 'summarize', short: 's' },
];

const USUAL_FORMAT = '%-9P %-5a %-10l %-6D %-6t %N';

const HEADERS: Readonly<Record<string, string>> = {
  P: 'PARTITION',
  R: 'PARTITION',
  a: 'AVAIL',
  l: 'TIMELIMIT',
  D: 'NODES',
  t: 'STATE',
  T: 'STATE',
  N: 'NODELIST',
  c: 'CPUS',
};

export function sinfo(call: CommandCall, { settings, controller }: ClusterView): CommandReply {
  const { options } = readCommandLine('sinfo', call.args, OPTIONS);
  const busy = new Set(controller.shown().flatMap((job) => (job.state === 'RUNNING' ? job.nodes : [])));
  const state = busy.size === 0 ? 'idle' : 'mix';
  const format = options.get('format') ?? USUAL_FORMAT;
  const rows = settings.partitions
    .filter(({ name }) => options.get('partition')?.split(',').includes(name) ?? true)
    .map((partition) => fillFormat(format, (letter) => valueOf(letter, partition, settings, state)));
  const lines = options.has('noheader') ? rows : [fillFormat(format, (letter) => HEADERS[letter]), ...rows];
  return { exitCode: 0, stdout: lines.map((line) => `${line}\n`).join(''), stderr: '' };
}

function valueOf(
  letter: string,
  partition: StandInPartition,
  settings: StandInSettings,
  state: string,
): string | undefined {
  const isDefault = settings.partitions[0]?.name === partition.name;
  const values: Readonly<Record<string, string>> = {
    P: partition.name + (isDefault ? '*' : ''),
    R: partition.name,
    a: partition.state === 'UP' ? 'up' : partition.state === 'DOWN' ? 'down' : 'inact',
    l: partition.maxTimeMs === null ? 'infinite' : formatDuration(partition.maxTimeMs),
    D: String(settings.nodeCount),
    t: state,
    T: state,
    N: formatNodes(nodeNames(settings)),
    c: String(settings.cpusPerNode),
  };
  return values[letter];
}
