// Chaos on real Slurm and in real time: one round after the other until the time is up.
import { once } from 'node:events';
import type { SlurmVersion } from '../set-up/slurm-roots.mjs';
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
  /** undefined: the machine's own. */
  readonly version: SlurmVersion | undefined;
  readonly agent: 'real' | 'stand-in';
  readonly daemons: number;
  /** undefined: the daemons are on the cluster's machine. */
  readonly over: SshProvider | undefined;
  /** Whether processes stand still, processors are taken, and clocks jump as well. */
  readonly isUnderLoad?: boolean;
  /** Whether the machine may be under any load, and nothing may fail because of that. */
  readonly isPatient?: boolean;
  /** What does not happen in any of its rounds. */
  readonly leftOut?: readonly FaultKind[];
  /** Keeps the directories with the logs. */
  readonly keep: boolean;
  /** How long a round is, and how much happens in it; as suits the agent when left out. */
  readonly size?: Omit<RoundSize, 'leftOut'>;
  readonly log: (text: string) => void;
  /** Once it is aborted, everything is ended and cleared away at once. */
  readonly signal?: AbortSignal;
}

/** The default. */
export const ORDINARY_SECONDS = 60;

/** The real agent takes seconds of a CPU for each task. */
const SIZES = {
  real: { spanMs: 25_000, tasks: 8, faults: 10 },
  'stand-in': { spanMs: 25_000, tasks: 16, faults: 14 },
} as const;

/** @throws the signal's reason, once everything is cleared away */
export async function runReal(run: RealRun): Promise<Tally> {
  const { version, agent, daemons, over, log, isPatient = false, signal = new AbortController().signal } = run;
  const bed = await openTestBed({ agent, daemons, version, over, isPatient });
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
    // What never came to rest would be counted again in each round to come.
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

/** Deletes the tasks that were checked, as users do, so that the server stays quick. */
async function tidy({ user }: TestBed, { checked }: RoundEnd): Promise<void> {
  for (const { history } of checked) {
    if (history.found !== undefined) await user.api('tasks.delete', { task: history.task, force: true });
  }
}

async function whenAborted(signal: AbortSignal): Promise<never> {
  if (!signal.aborted) await once(signal, 'abort');
  throw signal.reason;
}
