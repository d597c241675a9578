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

interface Duration {
  readonly ms: number;
  readonly at: number;
}

interface Stuck {
  /** How many commands have kept their callers waiting, without those of long ago. */
  readonly level: number;
  readonly since: number;
  /** When the next probe may start; undefined while one runs, and after one got a response. */
  readonly probeAt: number | undefined;
  readonly waitMs: number;
  /** How long the last probe took, if it got a response: commands run again. */
  readonly probeMs?: number;
}

const FIRST_WAIT_MS = 60_000;
/** Probes cost others nothing, and Slurm may be the cause. */
const LONGEST_WAIT_MS = 300_000;
/** After commands that a probe did not foretell. */
const LONGEST_HOLD_MS = 3_600_000;
/** A response does not make up for a timeout: users could let every other command pass. */
const LEVEL_LASTS_MS = 600_000;
/** Long enough for sudo where names are looked up over the network. */
const USUAL_MS = 10_000;
/** Of a database that is busy. */
const USUAL_SACCT_MS = 20_000;
/** How much longer than the others' a command of one user may take. */
const TIMES_TYPICAL = 3;
/** Over SSH, a probe has a session meanwhile. */
const PROBE_MS = 30_000;
/**
 * For so long, and then for a tenth of the time, callers wait for the slow responses of a user: otherwise one who lets each command continue
 * shortly before its timeout would delay each pass.
 */
const BURST_MS = 10_000;
const REST_TIMES = 10;
/** A response that is not slow. */
const PROMPT_MS = 500;
/** Slower responses of others do not count: several users could act together. */
const MOST_OF_OTHERS_MS = 1_000;
/** The longest typical duration that mapped users alone can show, and how long they show it. */
const LONGEST_TYPICAL_MS = 10_000;
const TYPICAL_LASTS_MS = 600_000;

/** @param now milliseconds, never set back */
export function createStuckUsers(now: () => number): StuckUsers {
  const stuck = new Map<string, Stuck>();
  /** When the next probe of each user may start: stopped commands of several kinds have one cause. */
  const nextProbes = new Map<string, number>();
  let sbatchRespondedAt = -Infinity;
  /** How long the last command of each user took. */
  const durations = new Map<CommandKind, Map<string | undefined, Duration>>();
  /** How long callers have waited for slow responses, less a tenth of the time since. */
  const waits = new Map<string, Duration>();
  const restUntil = new Map<string, number>();

  function levelOf({ level, since }: Stuck): number {
    return Math.max(0, level - Math.floor((now() - since) / LEVEL_LASTS_MS));
  }

  /** That of the fastest mapped user of the last minutes, except this one; undefined if there is none. */
  function fastestMs(kind: CommandKind, except?: string): number | undefined {
    const lasting = [...(durations.get(kind) ?? [])].filter(
      ([user, { at }]) => user !== undefined && user !== except && now() - at < TYPICAL_LASTS_MS,
    );
    return lasting.length === 0 ? undefined : Math.min(...lasting.map(([, { ms }]) => ms));
  }

  /** Whom no user can slow down. */
  function ownMs(kind: CommandKind): number {
    return durations.get(kind)?.get(undefined)?.ms ?? 0;
  }

  function usualMs(kind: CommandKind): number {
    const typicalMs = Math.max(ownMs(kind), Math.min(LONGEST_TYPICAL_MS, fastestMs(kind) ?? 0));
    return Math.max(kind === 'sacct' ? USUAL_SACCT_MS : USUAL_MS, TIMES_TYPICAL * typicalMs);
  }

  function noteDuration(kind: CommandKind, user: string | undefined, ms: number): void {
    const its = durations.get(kind) ?? new Map<string | undefined, Duration>();
    durations.set(kind, its.set(user, { ms, at: now() }));
  }

  function hold(kind: CommandKind, user: string, startedAt: number): void {
    const last = stuck.get(keyOf(kind, user));
    // Commands that ran at the same time count once.
    if (last !== undefined && startedAt < last.since) return;
    const level = (last === undefined ? 0 : levelOf(last)) + 1;
    // A probe does not show whether Slurm accepts jobs: only an sbatch of another user does.
    const mayBeSlurm = kind === 'sbatch' && sbatchRespondedAt < startedAt;
    const longestMs = mayBeSlurm ? LONGEST_WAIT_MS : LONGEST_HOLD_MS;
    const waitMs = Math.min(longestMs, FIRST_WAIT_MS * 2 ** (level - 1));
    stuck.set(keyOf(kind, user), { level, since: now(), probeAt: now() + waitMs, waitMs });
  }

  /** Compared with the others: on a slow cluster, all commands are slow. */
  function noteSlow(kind: CommandKind, user: string, ms: number): void {
    const othersMs = fastestMs(kind, user);
    // A pass hardly waits for scancel, and the user of the daemon does not run it.
    if (othersMs === undefined && kind === 'scancel') return;
    const slowMs = ms - TIMES_TYPICAL * Math.max(ownMs(kind), Math.min(MOST_OF_OTHERS_MS, othersMs ?? 0));
    if (slowMs < PROMPT_MS) return;
    const key = keyOf(kind, user);
    const before = waits.get(key) ?? { ms: 0, at: now() };
    const waited = Math.max(0, before.ms - (now() - before.at) / REST_TIMES) + slowMs;
    waits.set(key, { ms: waited, at: now() });
    if (waited > BURST_MS) restUntil.set(key, now() + REST_TIMES * waited);
  }

  return {
    turn(kind, user) {
      const its = stuck.get(keyOf(kind, user));
      if (now() < (restUntil.get(keyOf(kind, user)) ?? -Infinity)) return 'fail';
      if (its === undefined || its.probeMs !== undefined) return 'run';
      if (its.probeAt === undefined || now() < its.probeAt) return 'fail';
      return now() < (nextProbes.get(user) ?? -Infinity) ? 'fail' : 'probe';
    },
    timeoutMs(kind, user, longestMs) {
      const { probeMs = 0 } = stuck.get(keyOf(kind, user)) ?? {};
      const usual = usualMs(kind);
      return Math.min(longestMs, Math.max(usual, Math.min(2 * usual, 2 * probeMs)));
    },
    responded(kind, user, startedAt) {
      const ms = now() - startedAt;
      noteDuration(kind, user, ms);
      if (kind === 'sbatch') sbatchRespondedAt = now();
      // No pass waits for sbatch.
      else if (user !== undefined) noteSlow(kind, user, ms);
    },
    timedOut: hold,
    probeTimeoutMs: (kind, longestMs) => (kind === 'sacct' ? longestMs : Math.min(PROBE_MS, longestMs)),
    probeStarted(kind, user) {
      const key = keyOf(kind, user);
      const last = stuck.get(key);
      if (last !== undefined) stuck.set(key, { ...last, probeAt: undefined });
      nextProbes.set(user, Infinity);
    },
    probeEnded(kind, user, ms) {
      const key = keyOf(kind, user);
      const last = stuck.get(key);
      nextProbes.delete(user);
      if (last === undefined) return;
      const waitMs = Math.min(LONGEST_WAIT_MS, 2 * last.waitMs);
      if (ms === undefined) {
        stuck.set(key, { ...last, probeAt: now() + waitMs, waitMs });
        nextProbes.set(user, now() + waitMs);
      } else {
        noteDuration(kind, user, ms);
        stuck.set(key, { ...last, since: now(), probeMs: ms });
      }
    },
  };
}

function keyOf(kind: CommandKind, user: string): string {
  return `${user} ${kind}`;
}
