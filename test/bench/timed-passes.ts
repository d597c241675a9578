// Times passes of a running daemon, as a program: JOBS PASSES. Prints one line of JSON for each pass.
import { setImmediate as turn } from 'node:timers/promises';
import { startDaemon } from '../daemon/run-daemon.ts';
import { createSimulatedClock } from '../simulation/clock.ts';
import { createQuietWorld } from './quiet-world.ts';

export interface TimedPass {
  readonly wallMs: number;
  /** Of all threads: it hardly minds what else the machine does. */
  readonly cpuMs: number;
  readonly slurmCalls: number;
  readonly clearmlCalls: number;
  /** Whether it searched for untracked tasks. */
  readonly isSearch: boolean;
}

/** The first pass logs the state of each job to its console; the next ones run compiled code. */
const WARM_UP = 3;

const [jobs = Number.NaN, passes = Number.NaN] = process.argv.slice(2).map(Number);
const clock = createSimulatedClock(Date.now());
const { deps, writes, calls } = createQuietWorld(jobs, clock.of(1));
const daemon = startDaemon(deps);
await turn();

for (let pass = 0; pass < WARM_UP + passes;) {
  const callsBefore = calls();
  const writesBefore = writes();
  const began = performance.now();
  const before = process.cpuUsage();
  clock.pass(Math.max(1, (clock.nextWakeAt() ?? Number.NaN) - clock.now()));
  // The world answers at once, so that all that the daemon does comes before the next turn of the event loop.
  await turn();
  const { user, system } = process.cpuUsage(before);
  const wallMs = performance.now() - began;
  const { slurm, clearml, searches } = calls();
  const slurmCalls = slurm - callsBefore.slurm;
  // Only the queues were read, or the daemon has shown itself.
  if (slurmCalls === 0) continue;
  pass += 1;
  if (pass <= WARM_UP) continue;
  if (writes() > writesBefore) throw new Error('this was no pass without news: something was written to the journal');
  const timed: TimedPass = {
    wallMs,
    cpuMs: (user + system) / 1000,
    slurmCalls,
    clearmlCalls: clearml - callsBefore.clearml,
    isSearch: searches > callsBefore.searches,
  };
  process.stdout.write(`${JSON.stringify(timed)}\n`);
}
daemon.stop();
await turn();
clock.pass(60_000);
await daemon.ended;
