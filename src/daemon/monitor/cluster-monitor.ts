// Watches the daemon's work for one cluster, and describes it on request from the last poll: no request costs a poll.
import type { Clock } from '../../base/clock.ts';
import type { Queue } from '../../clearml/client.ts';
import type { Holds } from '../claim/hold-reasons.ts';
import type { DaemonDeps, LoopMonitor, PolledState } from '../deps.ts';
import { activeTasks, waitingEntries, type UnnamedRow } from '../status/list-status-rows.ts';
import type { StatusRow } from '../status/status-row.ts';
import { areSame, rememberLast } from '../../base/remember-last.ts';
import type { DaemonEvent } from './daemon-events.ts';
import { decideHealth, type Health, type HealthFacts } from './decide-readiness.ts';
import { rememberRows } from './remembered-rows.ts';
import { NO_STEPS, recordTaskSteps, type StepsOfTasks } from './task-steps.ts';
import { watchDeps } from './watch-calls.ts';

/** The active tasks and the queues, as of the last poll and what the daemon has done since. What has not changed is the same object. */
export interface ClusterState {
  /** Increases with each change. */
  readonly version: number;
  readonly queues: readonly string[];
  readonly rows: readonly StatusRow[];
  /** Tasks in the served queues that are not claimed, without their names. */
  readonly waiting: readonly UnnamedRow[];
}

/** What the daemon uses at the moment to serve the cluster. */
export interface Limits {
  /** Until when no task is claimed, because the cluster accepts no more jobs; undefined if tasks are claimed. */
  readonly backoffUntil: number | undefined;
  readonly tracked: number;
  /** The current time, milliseconds since 1970. */
  readonly now: number;
}

export interface ClusterMonitor {
  /** undefined for the only cluster, if it has no name. */
  readonly name: string | undefined;
  readonly stateDir: string;
  readonly histories: StepsOfTasks;
  /** Its name in the settings, else Slurm's name of the cluster once that is known. */
  label(): string;
  /** Slurm's name of the cluster; empty until that is known. */
  slurmName(): string;
  /** The daemon begins to serve the cluster again, perhaps with other settings, and waits for Slurm. */
  starts(identity: ClusterIdentity): void;
  /** The dependencies of the daemon, whose use is watched from now on. */
  watch(deps: DaemonDeps): DaemonDeps;
  /** The daemon has ended, or will be started again with another configuration. */
  ended(): void;
  /** The watched dependencies while the cluster is served. */
  deps(): DaemonDeps | undefined;
  state(): ClusterState;
  health(): Health & HealthFacts;
  limits(): Limits;
  /** The limits and pauses, as of the last claims; `unreadable`: the pauses cannot be read, so that nothing is claimed. */
  holds(): Holds | 'unreadable';
}

export interface ClusterIdentity {
  readonly name: string | undefined;
  readonly stateDir: string;
  readonly pollMs: number;
}

interface Watchers {
  /** False if only the health is watched. */
  readonly keepsSteps: boolean;
  /** Milliseconds on a clock that is never set. */
  readonly steadyNow: () => number;
  readonly emit: (event: DaemonEvent) => void;
  /** Called after each pass. */
  readonly changed: () => void;
}

export function createClusterMonitor(
  identity: ClusterIdentity,
  clock: Pick<Clock, 'now'>,
  { keepsSteps, steadyNow, emit, changed }: Watchers,
): ClusterMonitor {
  const { name } = identity;
  let { stateDir } = identity;
  let version = 0;
  let clusterName = '';
  let served: DaemonDeps | undefined;
  let snapshot: PolledState | undefined;
  let cached: ClusterState | undefined;
  let holds: Holds | 'unreadable' = { limits: [], queues: [] };
  let backoffUntil = (): number => 0;
  /** With times of the steady clock. */
  let facts: HealthFacts = {
    cluster: name,
    phase: 'starting',
    startedAt: steadyNow(),
    pollMs: identity.pollMs,
  };
  const note = (patch: Partial<HealthFacts>): void => {
    facts = { ...facts, ...patch };
  };
  const histories = keepsSteps ? recordTaskSteps(emit, clock.now()) : NO_STEPS;
  let remembered = rememberRows();
  const readWaiting = rememberLast((deps: DaemonDeps, rows: readonly StatusRow[], ...queues: readonly Queue[]) =>
    waitingEntries(
      deps.queues.map(({ id }) => id),
      queues,
      new Set(rows.map(({ task }) => task)),
    ),
  );

  const loop: LoopMonitor = {
    started(backoff) {
      backoffUntil = () => backoff.until(clock.now());
    },
    polled(polled, print) {
      if (!keepsSteps) return;
      snapshot = polled;
      if (served === undefined) return;
      histories.polled(served.journal.entries, polled.jobs, polled.tasks, { now: clock.now(), print });
    },
    passed(ms, isWhole) {
      version += 1;
      if (isWhole) note({ passOkAt: steadyNow(), passMs: ms, passError: undefined });
      else note({ passMs: ms, passError: 'the list of Slurm jobs could not be read' });
      emit({ kind: 'pass', outcome: isWhole ? 'ok' : 'failed', ms: isWhole ? ms : 0 });
      changed();
    },
    holds(found) {
      const read = found ?? 'unreadable';
      // Read every few seconds: open pages are rendered again only if something has changed.
      if (JSON.stringify(holds) === JSON.stringify(read)) return;
      holds = read;
      changed();
    },
    failed(error) {
      version += 1;
      note({ passError: messageOf(error) });
      emit({ kind: 'pass', outcome: 'failed', ms: 0 });
      changed();
    },
    sleepsUntil(dueAt) {
      note({ dueAt: dueAt - clock.now() + steadyNow() });
    },
  };

  function readState(current: number): ClusterState {
    const named = served?.queues.map((queue) => queue.name) ?? [];
    const queues = areSame(named, cached?.queues ?? []) ? (cached?.queues ?? []) : named;
    if (served === undefined || snapshot === undefined) return { version: current, queues, rows: [], waiting: [] };
    const { entries } = served.journal;
    const ids = activeTasks({ entries, ...snapshot, schedulerQueue: served.schedulerQueue });
    const hasResponded = { clearml: true, slurm: true };
    const rows = remembered.rows(ids, { entries, ...snapshot, hasResponded }, clock.now());
    return {
      version: current,
      queues,
      rows,
      waiting: readWaiting(served, rows, ...snapshot.queues),
    };
  }

  return {
    name,
    get stateDir() {
      return stateDir;
    },
    histories,
    label: () => name ?? clusterName,
    slurmName: () => clusterName,
    starts(current) {
      ({ stateDir } = current);
      note({ phase: 'starting', startedAt: steadyNow(), pollMs: current.pollMs });
    },
    watch(deps) {
      clusterName = deps.cluster.clusterName;
      holds = { limits: [], queues: [] };
      note({ phase: 'serving', startedAt: steadyNow(), dueAt: steadyNow(), journalError: undefined });
      served = {
        ...watchDeps(deps, {
          histories,
          emit,
          responded: (service, isOk) => {
            if (isOk) note(service === 'clearml' ? { clearmlOkAt: steadyNow() } : { slurmOkAt: steadyNow() });
          },
          journalFailed: (error) => note({ journalError: error === undefined ? undefined : messageOf(error) }),
          lastSeen: (task) => snapshot?.tasks.get(task),
        }),
        monitor: loop,
      };
      return served;
    },
    ended() {
      note({ phase: 'ended' });
      served = undefined;
      snapshot = undefined;
      remembered = rememberRows();
      version += 1;
    },
    deps: () => served,
    holds: () => holds,
    state() {
      const current = version + histories.changes();
      if (cached?.version !== current) cached = readState(current);
      return cached;
    },
    health() {
      const aheadMs = clock.now() - steadyNow();
      return { ...facts, ...timesAhead(facts, aheadMs), ...decideHealth(facts, steadyNow()) };
    },
    limits() {
      const until = backoffUntil();
      return {
        backoffUntil: until > clock.now() ? until : undefined,
        tracked: served?.journal.entries.size ?? 0,
        now: clock.now(),
      };
    },
  };
}

/** The times of the facts, on a clock that is ahead of theirs. */
function timesAhead(
  { startedAt, clearmlOkAt, slurmOkAt, passOkAt, dueAt }: HealthFacts,
  aheadMs: number,
): Pick<HealthFacts, 'startedAt' | 'clearmlOkAt' | 'slurmOkAt' | 'passOkAt' | 'dueAt'> {
  const ahead = (at: number | undefined): number | undefined => (at === undefined ? undefined : at + aheadMs);
  return {
    startedAt: startedAt + aheadMs,
    clearmlOkAt: ahead(clearmlOkAt),
    slurmOkAt: ahead(slurmOkAt),
    passOkAt: ahead(passOkAt),
    dueAt: ahead(dueAt),
  };
}

/** Without a full stop, to be part of a sentence. */
function messageOf(error: unknown): string {
  return error instanceof Error ? error.message.replace(/\.$/, '') : 'an unknown error';
}
