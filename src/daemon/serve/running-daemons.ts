// Finds the daemons that hold this configuration's state directories, to send them a signal.
import { findHolder, type Holder } from '../journal/lock.ts';
import { systemClock } from '../../base/clock.ts';
import type { ProcessContext } from '../../assembly/process-context.ts';
import type { Configured } from '../../assembly/load-trusted-config.ts';

export interface RunningDaemons {
  readonly stateDirs: readonly string[];
  /** Each process once, even if it serves several clusters. */
  readonly here: readonly Holder[];
  /** Daemons on other machines, which signals do not reach. */
  readonly elsewhere: readonly Holder[];
}

export async function findDaemons({ config, context }: Configured): Promise<RunningDaemons> {
  const stateDirs = config.settings.clusters.map(({ stateDir }) => stateDir);
  const held = await holders(stateDirs, context);
  const each = [...new Map(held.map((holder) => [`${holder.pid}@${holder.host}`, holder])).values()];
  return {
    stateDirs,
    here: each.filter(({ host }) => host === context.hostName),
    elsewhere: each.filter(({ host }) => host !== context.hostName),
  };
}

/** False if the process has just ended. */
export function signalDaemon(pid: number, signal: 'SIGTERM' | 'SIGUSR1'): boolean {
  try {
    return process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw error;
  }
}

/** A daemon ends within five seconds; a loaded machine may be slower. */
const STOP_TIMEOUT_MS = 30_000;
const POLL_MS = 100;

/** Sends SIGTERM and waits up to 30 s until the process no longer holds its state directories. */
export async function stopDaemon(
  { pid, host }: Holder,
  stateDirs: readonly string[],
  context: ProcessContext,
): Promise<'stopped' | 'had ended' | 'still runs'> {
  const isHolding = async (): Promise<boolean> =>
    (await holders(stateDirs, context)).some((holder) => holder.pid === pid && holder.host === host);
  if (!signalDaemon(pid, 'SIGTERM')) return 'had ended';
  const deadline = systemClock.now() + STOP_TIMEOUT_MS;
  while (await isHolding()) {
    if (systemClock.now() >= deadline) return 'still runs';
    await systemClock.sleep(POLL_MS);
  }
  return 'stopped';
}

async function holders(stateDirs: readonly string[], { hostName }: ProcessContext): Promise<Holder[]> {
  const found = await Promise.all(stateDirs.map((folder) => findHolder(folder, hostName, systemClock.now())));
  return found.filter((holder) => holder !== undefined);
}

/** The message for a daemon that ended before it was signaled. */
export function describeEnded({ pid }: Holder): string {
  return `Process ${pid} has already ended. Its jobs keep running; the daemon tracks them again when it restarts.\n`;
}

/** The messages for daemons on other machines, and for none. */
export function describeOthers({ stateDirs, here, elsewhere }: RunningDaemons, command: string): string {
  const there = elsewhere.map(
    ({ pid, host }) => `A daemon runs on ${host} (process ${pid}): run clearml-agent-slurm ${command} there.\n`,
  );
  if (here.length > 0 || there.length > 0) return there.join('');
  const noun = stateDirs.length === 1 ? 'directory' : 'directories';
  return `No daemon is running with the state ${noun} ${stateDirs.join(', ')}. Use --state-dir to name another directory.\n`;
}
