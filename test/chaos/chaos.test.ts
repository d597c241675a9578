// Rounds of chaos on real Slurm: a first one, and rounds that failed before.
import { expect } from 'chai';
import {
  requirePython,
  requireRoot,
  requireSandbox,
  requireSlurm,
  requireSshd,
  requireSudo,
} from '../support/skip-unless.ts';
import { ON_SCHEDULER_PAGE } from './schedule.ts';
import { runReal, type RealRun } from './rounds-on-real-slurm.ts';
import type { SshProvider } from './ssh-access.ts';
import { formatTally, isClean } from './tally.ts';

interface Replay {
  readonly title: string;
  readonly seed: number;
  readonly round: number;
  readonly daemons: number;
  readonly over?: SshProvider;
  readonly isShared?: boolean;
  readonly size?: RealRun['size'];
}

const REPLAYS: readonly Replay[] = [
  { title: 'the faults of seed 1 in round 0', seed: 1, round: 0, daemons: 1 },
  { title: "a scancel of a job and a kill of the job's daemon", seed: 200, round: 15, daemons: 2 },
];

describe('a chaos round on real Slurm', function () {
  // Each round ends by itself, in minutes on a machine under load.
  this.timeout(3_600_000);
  before(requireSlurm);
  before(requirePython);

  for (const replay of REPLAYS) itPasses(replay);

  describe('over SSH', () => {
    before(requireSshd);
    before(requireRoot);

    itPasses({
      title: 'two cut connections and kills of sshd and the daemon',
      seed: 252_812,
      round: 0,
      daemons: 1,
      over: 'ssh2',
      size: { spanMs: 8_000, tasks: 6, faults: 5 },
    });
  });

  describe('in a shared service', () => {
    before(requireSudo);
    before(requireRoot);
    before(requireSandbox);

    itPasses({
      title: 'limits for three mapped users',
      seed: 2,
      round: 0,
      daemons: 2,
      isShared: true,
      size: { spanMs: 8_000, tasks: 10, faults: 5 },
    });
  });
});

function itPasses({ title, seed, round, daemons, over, isShared = false, size }: Replay): void {
  it(`with ${title} loses no task and runs no task twice`, async () => {
    const lines: string[] = [];
    const tally = await runReal({
      seed,
      seconds: 1,
      firstRound: round,
      version: undefined,
      agent: 'stand-in',
      daemons,
      over,
      isShared,
      isPatient: true,
      leftOut: ON_SCHEDULER_PAGE,
      keep: false,
      log: (text) => lines.push(text),
      ...(size === undefined ? {} : { size }),
    });

    expect(isClean(tally), `${lines.join('\n')}\n${formatTally(tally)}`).to.equal(true);
    expect(tally.tasks).to.be.above(0);
    expect(tally.kills).to.be.above(0);
  });
}
