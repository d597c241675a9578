// The stand-in's scancel: like the real one, it reports an ended or unknown job only if it also gets a filter (before Slurm 24.05).
import { constants } from 'node:os';
import { isOver } from '../job.ts';
import type { ClusterView } from './cluster-view.ts';
import { CommandLineError, readCommandLine, type Option } from '../options.ts';
import type { CommandCall, CommandReply } from '../wire.ts';

const OPTIONS: readonly Option[] = [
  { long: 'batch', short: 'b' },
  { long: 'ctld' },
  { long: 'full', short: 'f' },
  { long: 'me' },
  { long: 'name', short: 'n', value: 'required' },
  { long: 'quiet', short: 'Q' },
  { long: 'signal', short: 's', value: 'required' },
  { long: 'user', short: 'u', value: 'required' },
];

export function scancel(call: CommandCall, { controller }: ClusterView): CommandReply {
  const { options, rest } = readCommandLine('scancel', call.args, OPTIONS);
  const strange = rest.find((id) => !/^\d+$/.test(id));
  if (strange !== undefined) throw new CommandLineError(`scancel: error: Invalid job id ${strange}\n`, 1);
  if (rest.length === 0 && options.size === 0) {
    throw new CommandLineError('scancel: error: No job identification provided\n', 1);
  }
  const named = controller
    .shown()
    .filter((job) => !isOver(job) && (rest.length === 0 || rest.includes(String(job.id))));
  const name = options.get('name');
  const chosen = named.filter((job) => name === undefined || name === job.name);
  const signal = readSignal(options.get('signal'));
  for (const job of chosen) {
    if (signal === undefined) controller.cancel(job.id);
    else controller.signal(job.id, signal);
  }
  const unknown = name === undefined ? [] : rest.filter((id) => named.every((job) => String(job.id) !== id));
  const stderr = unknown
    .map((id) => `scancel: error: Kill job error on job id ${id}: Invalid job id specified\n`)
    .join('');
  return { exitCode: unknown.length === 0 ? 0 : 1, stdout: '', stderr };
}

function readSignal(text: string | undefined): NodeJS.Signals | undefined {
  if (text === undefined) return undefined;
  const name = `SIG${text.toUpperCase().replace(/^SIG/, '')}`;
  if (isSignal(name)) return name;
  throw new CommandLineError(`scancel: error: Unknown job signal: ${text}\n`, 1);
}

function isSignal(name: string): name is NodeJS.Signals {
  return Object.hasOwn(constants.signals, name);
}
