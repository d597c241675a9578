// Runs rounds of chaos on real Slurm until the time is up.
import { once } from 'node:events';
import { ownSlurmVersion, type SlurmVersion } from '../set-up/slurm-roots.mjs';
import { openTestBed, type TestBed } from './test-bed.ts';
import { createStatistics } from './statistics.ts';
import { OVER_SSH, planRound, UNDER_LOAD, type FaultKind, type RoundSize } from './schedule.ts';
import { playRound, type RoundEnd } from './round.ts';
import type { SshProvider } from './ssh-access.ts';
import type { Tally } from './tally.ts';
import { watchJobs, type Watch } from './job-watch.ts';

export interface RealRun {
  readonly seed: number;
  readonly seconds: number | undefined;
  readonly firstRound: number;
  /** undefined for the Slurm of this machine. */
  readonly version: SlurmVersion | undefined;
  readonly agent: 'real' | 'stand-in';
  readonly daemons: number;
  /** undefined if the daemons are on the cluster's machine. */
  readonly over: SshProvider | undefined;
  /** Whether the tasks belong to several users, whose jobs run as several Unix users, with limits; needs root. */
  readonly isShared?: boolean;
  /** The released version as which each daemon starts first. */
  readonly upgradeFrom?: string | undefined;
  /** Whether processes are paused, processors kept busy and clocks changed as well. */
  readonly isUnderLoad?: boolean;
  /** Whether the run must not fail because of load on the machine. */
  readonly isPatient?: boolean;
  /** The kinds of faults that are never injected. */
  readonly leftOut?: readonly FaultKind[];
  /** Whether to keep the directory with the logs. */
  readonly keep: boolean;
  /** The length of a round and its number of tasks and faults; the default depends on the agent. */
  readonly size?: Omit<RoundSize, 'leftOut'>;
  readonly log: (text: string) => void;
  /** Aborting it stops all processes and removes all files at once. */
  readonly signal?: AbortSignal;
}

/** The default duration. */
export const ORDINARY_SECONDS = 60;

/** The real agent takes seconds of a CPU for each task. */
const SIZES = {
  real: { spanMs: 25_000, tasks: 8, faults: 10 },
  'stand-in': { spanMs: 25_000, tasks: 16, faults: 14 },
} as const;

/** @throws the signal's reason, after the cleanup */
export async function runReal(run: RealRun): Promise<Tally> {
  const {
    version,
    agent,
    daemons,
    over,
    log,
    isPatient = false,
    isUnderLoad = false,
    isShared = false,
    upgradeFrom,
    signal = new AbortController().signal,
  } = run;
  // Daemons without root cannot enter the Debian root of another release.
  if (isShared && version !== undefined && version !== (await ownSlurmVersion()))
    throw new Error('--shared uses the Slurm on PATH: omit --slurm, or run it on a machine with that release');
  const bed = await openTestBed({
    agent,
    daemons,
    version,
    over,
    isPatient,
    isUnderLoad,
    upgradeFrom,
    shared: isShared ? run.seed : undefined,
  });
  const watch = watchJobs(bed.cluster, () => Date.now());
  const statistics = createStatistics();
  try {
    await Promise.race([playRounds(run, bed, watch, statistics.enter), whenAborted(signal)]);
    log(statistics.summary());
    if (bed.sshAccess !== undefined) log(`logins at sshd: ${bed.sshAccess.loginCount()}`);
    return statistics.tally();
  } finally {
    const isKept = run.keep || statistics.hasBad();
    await watch.stop();
    await bed.stop(isKept);
    if (isKept) log(`the logs are in ${bed.folder}`);
  }
}

async function playRounds(
  {
    seed,
    seconds = ORDINARY_SECONDS,
    firstRound,
    agent,
    size = SIZES[agent],
    isUnderLoad = false,
    leftOut = [],
    log,
  }: RealRun,
  bed: TestBed,
  watch: Watch,
  enter: (end: RoundEnd) => string,
): Promise<void> {
  if (!bed.hasServerClock) log('a server that the environment names: its clock is never off');
  if (!bed.hasSmallDisks) log('no small disks here (that needs root): the disk is never full');
  const possible = { ...size, leftOut: [...leftOut, ...impossibleIn(bed), ...(isUnderLoad ? [] : UNDER_LOAD)] };
  await Promise.all(bed.daemons.map((daemon) => daemon.start()));
  const until = Date.now() + seconds * 1000;
  for (let round = firstRound; round === firstRound || Date.now() < until; round += 1) {
    const end = await playRound(bed, watch, planRound(seed, round, possible));
    log(`round ${round}: ${enter(end)}`);
    // A round that never came to rest would be counted again in each later round.
    if (end.restAfterMs === undefined) return;
    await tidy(bed, end);
  }
}

function impossibleIn({ hasSmallDisks, hasServerClock, sshAccess }: TestBed): FaultKind[] {
  return [
    ...(hasSmallDisks ? [] : (['disk is full'] as const)),
    ...(hasServerClock ? [] : (['clock of the server jumps'] as const)),
    ...(sshAccess === undefined ? OVER_SSH : []),
  ];
}

/** Deletes the checked tasks, so that the server stays fast. */
async function tidy({ user }: TestBed, { checked }: RoundEnd): Promise<void> {
  for (const { history } of checked) {
    if (history.found !== undefined) await user.api('tasks.delete', { task: history.task, force: true });
  }
}

async function whenAborted(signal: AbortSignal): Promise<never> {
  if (!signal.aborted) await once(signal, 'abort');
  throw signal.reason;
}
