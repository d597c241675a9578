// Decides whether a command runs as a mapped user, who may have stopped earlier ones: after a timeout, none runs until a probe gets a response.

/** The commands that hang together: those of one program, for one purpose. */
export type CommandKind = 'sbatch' | 'squeue' | 'scancel' | 'scontrol' | 'sacct' | 'sacct for details' | 'other';

export interface StuckUsers {
  /** What to do with a command of this user: run it, fail at once, or the same after the start of a probe that no pass waits for. */
  turn(kind: CommandKind, user: string): 'run' | 'probe' | 'fail';
  /** How long the next command may take, so that those of other users do not wait long. @param longestMs the timeout of all users */
  timeoutMs(kind: CommandKind, user: string, longestMs: number): number;
  /** How long a probe may take. @param longestMs the timeout of all users */
  probeTimeoutMs(kind: CommandKind, longestMs: number): number;
  /** @param user undefined for the user of the daemon. @param startedAt when the command had started */
  responded(kind: CommandKind, user: string | undefined, startedAt: number): void;
  timedOut(kind: CommandKind, user: string, startedAt: number): void;
  probeStarted(kind: CommandKind, user: string): void;
  /** @param ms how long it took; undefined if it got no response */
  probeEnded(kind: CommandKind, user: string, ms: number | undefined): void;
}

/** What is known of the commands of one kind as one user. */
interface Commands {
  /** How long the last response took, also that to a probe, and when it came. */
  readonly lastMs: number;
  readonly respondedAt: number;
  /** When the user has made up for all slow responses. */
  readonly madeUpAt: number;
  /** Until when none runs, because the last ones were slow. */
  readonly restsUntil: number;
  /** How many commands have kept their callers waiting until their timeout. From `since` on, one after another no longer counts. */
  readonly timeouts: number;
  /** When the last timeout was or, later, the response to the probe after it. */
  readonly since: number;
  /** When the next probe may start; undefined if commands run, Infinity while one runs. */
  readonly probeAt: number | undefined;
  /** How long commands wait, or waited, for the next probe. */
  readonly waitMs: number;
  /** How long the last probe took that got a response. */
  readonly probeMs: number;
}

const NEW: Commands = {
  lastMs: 0,
  respondedAt: -Infinity,
  madeUpAt: -Infinity,
  restsUntil: -Infinity,
  timeouts: 0,
  since: -Infinity,
  probeAt: undefined,
  waitMs: 0,
  probeMs: 0,
};

/** For so long callers wait at once for the slow commands of a user. Long enough for sudo where names are looked up over the network. */
const SHORT_TIMEOUT_MS = 10_000;
/** For a database that is busy. */
const SHORT_SACCT_TIMEOUT_MS = 20_000;
/** How much longer than the others' a command of one user may take. */
const TIMES_TYPICAL = 3;
/** How long a timeout counts, and a duration of others. A response does not make up for a timeout: users could let every other command pass. */
const COUNTS_MS = 600_000;

const FIRST_WAIT_MS = 60_000;
/** Probes cost others nothing, and Slurm may be the cause. */
const LONGEST_WAIT_MS = 300_000;
/** After commands that a probe did not foretell. */
const LONGEST_HOLD_MS = 3_600_000;
/** Over SSH, a probe has a session meanwhile. */
const PROBE_MS = 30_000;

/**
 * Without commands, or with prompt ones, for so many times as long, a user makes up for slow responses: otherwise one who lets each command
 * continue shortly before its timeout would delay each pass.
 */
const MAKES_UP_TIMES = 10;
/** A response that is not slow. */
const PROMPT_MS = 500;
/** Slower responses of others do not count: several users could act together. */
const MOST_OF_OTHERS_MS = 1_000;

/** @param now milliseconds, never set back */
export function createStuckUsers(now: () => number): StuckUsers {
  const all = new Map<CommandKind, Map<string | undefined, Commands>>();
  /** When the next probe of each user may start: stopped commands of several kinds have one cause. */
  const nextProbes = new Map<string, number>();
  let sbatchRespondedAt = -Infinity;

  function get(kind: CommandKind, user: string | undefined): Commands {
    return all.get(kind)?.get(user) ?? NEW;
  }

  function update(kind: CommandKind, user: string | undefined, change: Partial<Commands>): void {
    const ofKind = all.get(kind) ?? new Map<string | undefined, Commands>();
    all.set(kind, ofKind.set(user, { ...get(kind, user), ...change }));
  }

  /** How long it took as the user of the daemon, whom no user can slow down. */
  function ownMs(kind: CommandKind): number {
    return get(kind, undefined).lastMs;
  }

  /** How long it took as the fastest mapped user of the last minutes, except this one; undefined if there is none. */
  function fastestMs(kind: CommandKind, except?: string): number | undefined {
    const others = [...(all.get(kind) ?? [])].filter(
      ([user, { respondedAt }]) => user !== undefined && user !== except && now() - respondedAt < COUNTS_MS,
    );
    return others.length === 0 ? undefined : Math.min(...others.map(([, { lastMs }]) => lastMs));
  }

  function shortTimeoutMs(kind: CommandKind): number {
    const typicalMs = Math.max(ownMs(kind), Math.min(SHORT_TIMEOUT_MS, fastestMs(kind) ?? 0));
    return Math.max(kind === 'sacct' ? SHORT_SACCT_TIMEOUT_MS : SHORT_TIMEOUT_MS, TIMES_TYPICAL * typicalMs);
  }

  /** For how long callers waited too long. Compared with the others: on a slow cluster, all commands are slow. */
  function tooLongMs(kind: CommandKind, user: string, ms: number): number {
    const othersMs = fastestMs(kind, user);
    // No pass waits for sbatch, and hardly one for scancel, which the user of the daemon does not run.
    if (kind === 'sbatch' || (kind === 'scancel' && othersMs === undefined)) return 0;
    const excessMs = ms - TIMES_TYPICAL * Math.max(ownMs(kind), Math.min(MOST_OF_OTHERS_MS, othersMs ?? 0));
    return excessMs < PROMPT_MS ? 0 : excessMs;
  }

  return {
    turn(kind, user) {
      const { restsUntil, probeAt } = get(kind, user);
      if (now() < restsUntil) return 'fail';
      if (probeAt === undefined) return 'run';
      return now() < Math.max(probeAt, nextProbes.get(user) ?? -Infinity) ? 'fail' : 'probe';
    },
    timeoutMs(kind, user, longestMs) {
      const shortMs = shortTimeoutMs(kind);
      return Math.min(longestMs, Math.max(shortMs, Math.min(2 * shortMs, 2 * get(kind, user).probeMs)));
    },
    probeTimeoutMs: (kind, longestMs) => (kind === 'sacct' ? longestMs : Math.min(PROBE_MS, longestMs)),
    responded(kind, user, startedAt) {
      const ms = now() - startedAt;
      update(kind, user, { lastMs: ms, respondedAt: now() });
      if (kind === 'sbatch') sbatchRespondedAt = now();
      if (user === undefined) return;
      const its = get(kind, user);
      const madeUpAt = Math.max(now(), its.madeUpAt) + MAKES_UP_TIMES * tooLongMs(kind, user, ms);
      const isTooMuch = madeUpAt - now() > MAKES_UP_TIMES * SHORT_TIMEOUT_MS;
      update(kind, user, { madeUpAt, restsUntil: isTooMuch ? madeUpAt : its.restsUntil });
    },
    timedOut(kind, user, startedAt) {
      const { timeouts: before, since } = get(kind, user);
      // Commands that ran at the same time count once.
      if (startedAt < since) return;
      const timeouts = Math.max(0, before - Math.floor((now() - since) / COUNTS_MS)) + 1;
      // A probe does not show whether Slurm accepts jobs: only an sbatch of another user does.
      const mayBeSlurm = kind === 'sbatch' && sbatchRespondedAt < startedAt;
      const waitMs = Math.min(mayBeSlurm ? LONGEST_WAIT_MS : LONGEST_HOLD_MS, FIRST_WAIT_MS * 2 ** (timeouts - 1));
      update(kind, user, { timeouts, since: now(), probeAt: now() + waitMs, waitMs });
    },
    probeStarted(kind, user) {
      update(kind, user, { probeAt: Infinity });
      nextProbes.set(user, Infinity);
    },
    probeEnded(kind, user, ms) {
      if (ms === undefined) {
        const waitMs = Math.min(LONGEST_WAIT_MS, 2 * get(kind, user).waitMs);
        update(kind, user, { probeAt: now() + waitMs, waitMs });
        nextProbes.set(user, now() + waitMs);
      } else {
        update(kind, user, { lastMs: ms, respondedAt: now(), since: now(), probeAt: undefined, probeMs: ms });
        nextProbes.delete(user);
      }
    },
  };
}
