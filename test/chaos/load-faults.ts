// Injects the faults of a loaded machine: paused processes, busy processors, clocks that jump.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { jobProcesses } from '../support/job-processes.ts';
import type { UnderLoad } from './schedule.ts';
import { childNamed, commandNamed } from './processes.ts';
import { choose, type Injector, type RoundContext } from './round-context.ts';

/** A pause lasts up to four times as long as a fault: 1 to 20 s. */
const PAUSE_FACTOR = 4;
/** Half of the daemons' shortest grace period in this run. */
const MAX_JUMP_MS = 2_500;
const SBATCH_WITHIN_MS = 10_000;

export const loadInjectors: Readonly<Record<UnderLoad, Injector>> = {
  'daemon is paused': async (round, { pick, forMs }) => {
    const daemon = choose(round.bed.daemons, pick);
    await pause(round, 'daemon is paused', [daemon.pid()], forMs * PAUSE_FACTOR, daemon.name);
  },
  'sbatch is paused': async (round, { pick, way, forMs }) => {
    const pid = await findSbatch(round, pick);
    if (pid === undefined) return;
    await sleep(way * 40);
    await pause(round, 'sbatch is paused', [pid], forMs * PAUSE_FACTOR);
  },
  'controller is paused': (round, { forMs }) =>
    round.locks.slurm(() =>
      pause(round, 'controller is paused', [round.bed.cluster.controllerPid()], forMs * PAUSE_FACTOR),
    ),
  'node is paused': (round, { pick, forMs }) =>
    round.locks.slurm(() => {
      const node = choose(round.bed.cluster.nodes, pick);
      // Only twice as long: after 20 s Slurm marks a node down and requeues its jobs.
      return pause(round, 'node is paused', [round.bed.cluster.nodePid(node)], forMs * 2, node);
    }),
  'job is paused': async (round, { pick, forMs }) => {
    const found = jobProcesses(round.bed.cluster.slurmConf).filter(({ isStep }) => !isStep);
    if (found.length === 0) return;
    const { jobId } = choose(found, pick);
    const pids = found.filter((one) => one.jobId === jobId).map(({ pid }) => pid);
    await pause(round, 'job is paused', pids, forMs * PAUSE_FACTOR, `job ${jobId ?? ''}`);
  },
  'server is paused': (round, { forMs }) =>
    round.locks.server(async () => {
      const fault = round.note({ what: 'server away', words: 'server is paused' });
      await pause(round, 'server is paused', [round.bed.server.pid()], forMs * PAUSE_FACTOR);
      fault.over();
    }),
  'processors are taken': async (round, { forMs }) => {
    const count = availableParallelism() * 2;
    round.note({ what: 'other', words: `${count} busy loops for ${forMs * PAUSE_FACTOR} ms` });
    round.countKill('processors are taken');
    const loops = Array.from({ length: count }, () =>
      spawn('setpriv', ['--pdeathsig', 'KILL', '--', 'sh', '-c', 'while :; do :; done'], { stdio: 'ignore' }),
    );
    await sleep(forMs * PAUSE_FACTOR);
    await Promise.all(
      loops.map(async (loop) => {
        const gone = once(loop, 'exit');
        loop.kill('SIGKILL');
        await gone;
      }),
    );
  },
  'clock of a daemon jumps': (round, { pick, way }) => {
    const { name, clockFile } = choose(round.bed.daemons, pick);
    return shiftClock(round, 'clock of a daemon jumps', { name, clockFile }, way);
  },
  'clock of the server jumps': (round, { way }) =>
    shiftClock(round, 'clock of the server jumps', { name: 'the server', clockFile: round.bed.serverClockFile }, way),
};

/** Stops the processes and continues those that still exist. */
async function pause(
  round: RoundContext,
  what: UnderLoad,
  pids: readonly number[],
  forMs: number,
  which = '',
): Promise<void> {
  round.note({ what: 'other', words: `${what} ${which} for ${forMs} ms` });
  round.countKill(what);
  const stopped = pids.filter((pid) => signal(pid, 'SIGSTOP'));
  try {
    await sleep(forMs);
  } finally {
    for (const pid of stopped) signal(pid, 'SIGCONT');
  }
}

async function findSbatch(
  { bed: { daemons, sshAccess, commandsConf } }: RoundContext,
  pick: number,
): Promise<number | undefined> {
  const daemon = choose(daemons, pick);
  const until = Date.now() + SBATCH_WITHIN_MS;
  while (Date.now() < until) {
    // Over SSH, sbatch is not a child of the daemon.
    const pid = sshAccess === undefined ? childNamed(daemon.pid(), 'sbatch') : commandNamed('sbatch', commandsConf);
    if (pid !== undefined) return pid;
    await sleep(3);
  }
  return undefined;
}

/** Sets the offset of the clock from the true time. */
async function shiftClock(
  round: RoundContext,
  what: UnderLoad,
  { name, clockFile }: { readonly name: string; readonly clockFile: string },
  way: number,
): Promise<void> {
  const offsetMs = Math.round((2 * way - 1) * MAX_JUMP_MS);
  round.note({ what: 'other', words: `the clock of ${name} is off by ${offsetMs} ms` });
  round.countKill(what);
  await writeFile(clockFile, String(offsetMs));
}

function signal(pid: number, name: NodeJS.Signals): boolean {
  try {
    return pid > 0 && process.kill(pid, name);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
    return false;
  }
}
