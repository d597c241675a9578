// How long the daemon waits for commands that mapped users can stop, and when it runs them again.
import { expect } from 'chai';
import { createStuckUsers, type CommandKind, type StuckUsers } from '../../src/slurm/stuck-users.ts';

const MINUTE_MS = 60_000;

interface Bed {
  readonly users: StuckUsers;
  readonly pass: (ms: number) => void;
  /** A command of this user that takes so long, or that times out. */
  readonly took: (ms: number, user?: string, kind?: CommandKind) => void;
  readonly timesOut: (user: string, kind?: CommandKind) => void;
  /** The probe that is due. */
  readonly probe: (user: string, ms: number | undefined) => void;
}

function createBed(): Bed {
  let nowAt = 0;
  const users = createStuckUsers(() => nowAt);
  const bed: Bed = {
    users,
    pass: (ms) => void (nowAt += ms),
    took(ms, user, kind = 'squeue') {
      const startedAt = nowAt;
      nowAt += ms;
      users.responded(kind, user, startedAt);
    },
    timesOut(user, kind = 'squeue') {
      const startedAt = nowAt;
      nowAt += users.timeoutMs(kind, user, 90_000);
      users.timedOut(kind, user, startedAt);
    },
    probe(user, ms) {
      expect(users.turn('squeue', user)).to.equal('probe');
      users.probeStarted('squeue', user);
      expect(users.turn('squeue', user)).to.equal('fail');
      nowAt += ms ?? 90_000;
      users.probeEnded('squeue', user, ms);
    },
  };
  return bed;
}

describe("a mapped user's command that timed out", () => {
  it('fails at once for one minute and is then retried', () => {
    const { users, pass, timesOut } = createBed();
    expect(users.turn('squeue', 'alice')).to.equal('run');
    timesOut('alice');
    expect(users.turn('squeue', 'alice')).to.equal('fail');
    expect(users.turn('scancel', 'alice')).to.equal('run');
    expect(users.turn('squeue', 'bob')).to.equal('run');
    pass(MINUTE_MS);
    expect(users.turn('squeue', 'alice')).to.equal('probe');
  });

  it('runs normally after one successful retry', () => {
    const { users, pass, timesOut, probe } = createBed();
    timesOut('alice');
    pass(MINUTE_MS);
    probe('alice', 100);
    expect(users.turn('squeue', 'alice')).to.equal('run');
  });

  it('is retried at intervals of 2, 4, 5 and 5 minutes while no retry succeeds', () => {
    const { users, pass, timesOut, probe } = createBed();
    timesOut('alice');
    pass(MINUTE_MS);
    for (const minutes of [2, 4, 5, 5]) {
      probe('alice', undefined);
      pass(minutes * MINUTE_MS - 1);
      expect(users.turn('squeue', 'alice')).to.equal('fail');
      pass(1);
    }
  });

  it('is retried after 1, 2, 4 and at most 60 minutes if a timeout follows each success', () => {
    const { users, pass, timesOut, probe } = createBed();
    timesOut('alice');
    for (const minutes of [1, 2, 4, 8, 16, 32, 60, 60]) {
      pass(minutes * MINUTE_MS - 1);
      expect(users.turn('squeue', 'alice')).to.equal('fail');
      pass(1);
      probe('alice', 100);
      timesOut('alice');
    }
  });

  it('is retried after one minute if the previous timeout was 20 minutes earlier', () => {
    const { users, pass, timesOut, probe } = createBed();
    timesOut('alice');
    pass(MINUTE_MS);
    probe('alice', 100);
    timesOut('alice');
    pass(2 * MINUTE_MS);
    probe('alice', 100);
    pass(20 * MINUTE_MS);
    timesOut('alice');
    pass(MINUTE_MS);
    expect(users.turn('squeue', 'alice')).to.equal('probe');
  });

  it('is retried after one minute even if two simultaneous calls timed out', () => {
    const { users, pass } = createBed();
    pass(10_000);
    for (const startedAt of [0, 1]) users.timedOut('squeue', 'alice', startedAt);
    pass(MINUTE_MS);
    expect(users.turn('squeue', 'alice')).to.equal('probe');
  });

  it("is not retried during the retry of the user's other command", () => {
    const { users, pass, timesOut, probe } = createBed();
    timesOut('alice');
    timesOut('alice', 'scancel');
    pass(MINUTE_MS);
    users.probeStarted('scancel', 'alice');
    expect(users.turn('squeue', 'alice')).to.equal('fail');
    users.probeEnded('scancel', 'alice', undefined);
    pass(2 * MINUTE_MS - 1);
    expect(users.turn('squeue', 'alice')).to.equal('fail');
    pass(1);
    probe('alice', 100);
    expect(users.turn('scancel', 'alice')).to.equal('probe');
  });

  it('is retried after at most 60 minutes, or 5 minutes while sbatch works for no user', () => {
    for (const [doesWork, minutes] of [
      [true, [1, 2, 4, 8, 16, 32, 60, 60]],
      [false, [1, 2, 4, 5, 5]],
    ] as const) {
      const { users, pass } = createBed();
      let nowAt = 0;
      for (const wait of minutes) {
        pass(100_000);
        if (doesWork) users.responded('sbatch', 'bob', nowAt + 99_000);
        pass(80_000);
        users.timedOut('sbatch', 'alice', nowAt);
        pass(wait * MINUTE_MS - 1);
        expect(users.turn('sbatch', 'alice')).to.equal('fail');
        pass(1);
        expect(users.turn('sbatch', 'alice')).to.equal('probe');
        users.probeStarted('sbatch', 'alice');
        users.probeEnded('sbatch', 'alice', 10);
        nowAt += 180_000 + wait * MINUTE_MS;
      }
    }
  });
});

describe("a mapped user's command", () => {
  it('times out after 10 s, or 20 s for sacct, unless the configured timeout is shorter', () => {
    const { users } = createBed();
    expect(users.timeoutMs('squeue', 'alice', 90_000)).to.equal(10_000);
    expect(users.timeoutMs('sacct', 'alice', 90_000)).to.equal(20_000);
    expect(users.timeoutMs('sacct', 'alice', 5_000)).to.equal(5_000);
  });

  it('may take three times as long as the same command of the fastest user', () => {
    const { users, pass, took } = createBed();
    took(20_000);
    expect(users.timeoutMs('squeue', 'alice', 90_000)).to.equal(60_000);
    took(50);
    took(8_000, 'bob');
    expect(users.timeoutMs('squeue', 'alice', 90_000)).to.equal(24_000);
    took(80_000, 'bob');
    expect(users.timeoutMs('squeue', 'alice', 90_000)).to.equal(30_000);
    took(50, 'carol');
    expect(users.timeoutMs('squeue', 'alice', 90_000)).to.equal(10_000);
    pass(10 * MINUTE_MS);
    expect(users.timeoutMs('squeue', 'alice', 90_000)).to.equal(10_000);
  });

  it('has a timeout of 16 s if the retry after a timeout took 8 s', () => {
    const { users, pass, took, timesOut, probe } = createBed();
    took(50, 'bob');
    timesOut('alice');
    pass(MINUTE_MS);
    probe('alice', 8_000);
    expect(users.timeoutMs('squeue', 'alice', 90_000)).to.equal(16_000);
  });

  it('has a timeout of only 20 s if the retry after a timeout took 29 s', () => {
    const { users, pass, took, timesOut, probe } = createBed();
    took(50, 'bob');
    timesOut('alice');
    pass(MINUTE_MS);
    probe('alice', 29_000);
    expect(users.timeoutMs('squeue', 'alice', 90_000)).to.equal(20_000);
  });

  it('fails at once for three minutes after two responses took 9 s', () => {
    const { users, pass, took } = createBed();
    took(50);
    took(9_000, 'alice');
    expect(users.turn('squeue', 'alice')).to.equal('run');
    took(9_000, 'alice');
    expect(users.turn('squeue', 'alice')).to.equal('fail');
    pass(3 * MINUTE_MS);
    expect(users.turn('squeue', 'alice')).to.equal('run');
    for (let n = 0; n < 20; n += 1) {
      pass(12_000);
      took(1_000, 'alice');
    }
    expect(users.turn('squeue', 'alice')).to.equal('run');
  });

  it("may take 9 s each time if the same command of the daemon's user takes 5 s", () => {
    const { users, took } = createBed();
    took(5_000);
    for (let n = 0; n < 20; n += 1) took(9_000, 'alice');
    expect(users.turn('squeue', 'alice')).to.equal('run');
  });

  it('may be slow each time if the command is slow for every mapped user', () => {
    for (const others of [['bob'], []]) {
      const { users, took } = createBed();
      for (let n = 0; n < 20; n += 1) {
        for (const other of others) took(1_000, other, 'scancel');
        took(2_000, 'alice', 'scancel');
      }
      expect(users.turn('scancel', 'alice')).to.equal('run');
    }
  });
});
