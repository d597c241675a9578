// The levers of a machine under load: processes that stand still for seconds, processors that others take, clocks that jump.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { jobProcesses } from '../support/job-processes.ts';
import type { UnderLoad } from './plan.ts';
import { childNamed, commandNamed } from './processes.ts';
import { choose, type Lever, type Stage } from './stage.ts';

/** A pause lasts up to four times as long as a fault: 1 to 20 s. */
const PAUSE_FACTOR = 4;
/** Half of what the shortest grace period of the daemons is here; a real one is minutes, and so is what real clocks are off. */
const MAX_JUMP_MS = 2_500;
const SBATCH_WITHIN_MS = 10_000;

export const loadLevers: Readonly<Record<UnderLoad, Lever>> = {
  'daemon is paused': async (stage, { pick, forMs }) => {
    const daemon = choose(stage.arena.daemons, pick);
    await pause(stage, 'daemon is paused', [daemon.pid()], forMs * PAUSE_FACTOR, daemon.name);
  },
  'sbatch is paused': async (stage, { pick, way, forMs }) => {
    const pid = await findSbatch(stage, pick);
    if (pid === undefined) return;
    await sleep(way * 40);
    await pause(stage, 'sbatch is paused', [pid], forMs * PAUSE_FACTOR);
  },
  'controller is paused': (stage, { forMs }) =>
    stage.inTurn.slurm(() =>
      pause(stage, 'controller is paused', [stage.arena.cluster.controllerPid()], forMs * PAUSE_FACTOR),
    ),
  'node is paused': (stage, { pick, forMs }) =>
    stage.inTurn.slurm(() => {
      const node = choose(stage.arena.cluster.nodes, pick);
      // Twice: Slurm calls a node down after 20 s here, and what runs there is then run again by Slurm's own decision.
      return pause(stage, 'node is paused', [stage.arena.cluster.nodePid(node)], forMs * 2, node);
    }),
  'job is paused': async (stage, { pick, forMs }) => {
    const found = jobProcesses(stage.arena.cluster.slurmConf).filter(({ isStep }) => !isStep);
    if (found.length === 0) return;
    const { jobId } = choose(found, pick);
    const pids = found.filter((one) => one.jobId === jobId).map(({ pid }) => pid);
    await pause(stage, 'job is paused', pids, forMs * PAUSE_FACTOR, `job ${jobId ?? ''}`);
  },
  'server is paused': (stage, { forMs }) =>
    stage.inTurn.server(async () => {
      const deed = stage.note({ what: 'server away', words: 'server is paused' });
      await pause(stage, 'server is paused', [stage.arena.server.pid()], forMs * PAUSE_FACTOR);
      deed.over();
    }),
  'processors are taken': async (stage, { forMs }) => {
    const count = availableParallelism() * 2;
    stage.note({ what: 'other', words: `${count} busy loops for ${forMs * PAUSE_FACTOR} ms` });
    stage.countKill('processors are taken');
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
  'clock of a daemon jumps': (stage, { pick, way }) => {
    const { name, clockFile } = choose(stage.arena.daemons, pick);
    return jump(stage, 'clock of a daemon jumps', { name, clockFile }, way);
  },
  'clock of the server jumps': (stage, { way }) =>
    jump(stage, 'clock of the server jumps', { name: 'the server', clockFile: stage.arena.serverClockFile }, way),
};

/** Stops the processes and lets them go on, whatever has become of them meanwhile. */
async function pause(stage: Stage, what: UnderLoad, pids: readonly number[], forMs: number, which = ''): Promise<void> {
  stage.note({ what: 'other', words: `${what} ${which} for ${forMs} ms` });
  stage.countKill(what);
  const stopped = pids.filter((pid) => signal(pid, 'SIGSTOP'));
  try {
    await sleep(forMs);
  } finally {
    for (const pid of stopped) signal(pid, 'SIGCONT');
  }
}

async function findSbatch(
  { arena: { daemons, sshWay, commandsConf } }: Stage,
  pick: number,
): Promise<number | undefined> {
  const daemon = choose(daemons, pick);
  const until = Date.now() + SBATCH_WITHIN_MS;
  while (Date.now() < until) {
    // Behind SSH it is nobody's child here.
    const pid = sshWay === undefined ? childNamed(daemon.pid(), 'sbatch') : commandNamed('sbatch', commandsConf);
    if (pid !== undefined) return pid;
    await sleep(3);
  }
  return undefined;
}

/** From then on the clock is off by this much; the next jump is counted from the true time. */
async function jump(
  stage: Stage,
  what: UnderLoad,
  { name, clockFile }: { readonly name: string; readonly clockFile: string },
  way: number,
): Promise<void> {
  const offsetMs = Math.round((2 * way - 1) * MAX_JUMP_MS);
  stage.note({ what: 'other', words: `the clock of ${name} is off by ${offsetMs} ms` });
  stage.countKill(what);
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
