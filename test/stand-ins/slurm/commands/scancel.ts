// The stand-in's scancel: like the real one, it reports an ended or unknown job only if it also gets a filter (before Slurm 24.05).
import { constants } from 'node:os';
import { isOver } from '../job.ts';
import { mayManage, ofUsers, shownTo, type ClusterView } from './cluster-view.ts';
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

/** With one of these, the real one reads the list of jobs first. */
const FILTERS = ['me', 'name', 'signal', 'user'];
const DENIED = 210;

export function scancel(call: CommandCall, cluster: ClusterView): CommandReply {
  const { controller } = cluster;
  const { options, rest } = readCommandLine('scancel', call.args, OPTIONS);
  const strange = rest.find((id) => !/^\d+$/.test(id));
  if (strange !== undefined) throw new CommandLineError(`scancel: error: Invalid job id ${strange}\n`, 1);
  if (rest.length === 0 && options.size === 0) {
    throw new CommandLineError('scancel: error: No job identification provided\n', 1);
  }
  const isFiltered = FILTERS.some((filter) => options.has(filter));
  const listed = isFiltered ? shownTo(call, cluster) : controller.shown();
  const named = listed.filter((job) => !isOver(job) && (rest.length === 0 || rest.includes(String(job.id))));
  const name = options.get('name');
  const chosen = ofUsers(named, call, options).filter((job) => name === undefined || name === job.name);
  const signal = readSignal(options.get('signal'));
  const denied = chosen.filter((job) => !mayManage(call, job));
  for (const job of chosen) {
    if (denied.includes(job)) continue;
    if (signal === undefined) controller.cancel(job.id);
    else controller.signal(job.id, signal);
  }
  const unknown = isFiltered ? rest.filter((id) => named.every((job) => String(job.id) !== id)) : [];
  const stderr = [
    ...unknown.map((id) => [id, 'Invalid job id specified']),
    ...denied.map(({ id }) => [id, 'Access/permission denied']),
  ]
    .map(([id, why]) => `scancel: error: Kill job error on job id ${id}: ${why}\n`)
    .join('');
  return { exitCode: denied.length > 0 ? DENIED : unknown.length > 0 ? 1 : 0, stdout: '', stderr };
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
