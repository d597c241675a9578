// The simulated world of server, cluster, daemons, another agent and tasks; one thing moves at a time.
import type { TaskId } from '../../src/clearml/ids.ts';
import { runDaemon } from '../../src/daemon/reconcile-loop.ts';
import type { ReadLimits } from '../../src/daemon/deps.ts';
import type { Scheduler } from '../../src/slurm/scheduler.ts';
import { createSimulatedClock, type SimulatedClock } from './clock.ts';
import { createCluster, type Cluster } from './simulated-slurm.ts';
import { GRACE_PERIODS } from '../support/simulated-values.ts';
import { createDaemonDeps } from './daemon-deps.ts';
import { readDisk, type Disk } from './memory-journal.ts';
import { createInvariants, type Invariants } from './oracle/invariants.ts';
import { createLimitOracle, sizeInRound, type LimitOracle } from './oracle/limits.ts';
import { createOtherAgent, type OtherAgent } from './other-agent.ts';
import {
  createPendingCalls,
  type CallKind,
  type CallOutcome,
  type PendingCall,
  type PendingCalls,
} from './pending-calls.ts';
import { OTHER_QUEUE, OWN_QUEUE, SCHEDULER_QUEUE } from './queues.ts';
import type { RoundLimits } from './schedule.ts';
import { createServer, type Server } from './server.ts';

/** A fault of the next call of this kind. */
export interface CallFault {
  readonly kind: CallKind | 'any';
  readonly way: CallOutcome | 'killed before' | 'killed after' | 'killed and journal lost';
}

export interface SimDaemon {
  readonly number: number;
  readonly disk: Disk;
  /** undefined if the daemon is stopped. */
  running: { readonly stop: AbortController; readonly incarnation: number } | undefined;
}

/** Whether the task's program succeeds or fails; the template cannot be rendered for a misfit. */
export type TaskNature = 'ends well' | 'fails' | 'misfit';

export interface World {
  readonly clock: SimulatedClock;
  readonly calls: PendingCalls;
  readonly server: Server;
  readonly cluster: Cluster;
  readonly otherAgent: OtherAgent;
  readonly daemons: readonly SimDaemon[];
  readonly tasks: readonly TaskId[];
  readonly invariants: Invariants;
  readonly callFaults: CallFault[];
  readonly limitOracle: LimitOracle | undefined;
  /** One line for each event. */
  readonly trace: string[];
  /** Creates and enqueues a task. */
  enqueueTask(nature: TaskNature): Promise<TaskId>;
  note(who: string, what: string): void;
  start(daemon: SimDaemon): void;
  kill(daemon: SimDaemon): void;
  /** Finishes a daemon's call, applying the first call fault if it matches. */
  finish(call: PendingCall): void;
  endsWell(task: string): boolean;
  now(): number;
}

/** Creates the scheduler of one incarnation of a daemon. */
export type SchedulerOf = (world: Pick<World, 'cluster' | 'calls'>, incarnation: number) => Scheduler;

const START_AT = Date.UTC(2026, 0, 1);
const INTERVALS = { pollMs: 15_000, queueMs: 15_000 };

interface WorldOptions {
  readonly readLimits?: ReadLimits | undefined;
  readonly limited?: RoundLimits | undefined;
  readonly losesJournals?: boolean;
}

const ACTIVE = ['queued', 'in_progress'];

/** With limits, the tasks belong to this many users in turn. */
const OWNERS = ['ada', 'ada', 'ada', 'bob', 'eve'];

export function createWorld(
  count: 1 | 2,
  schedulerOf: SchedulerOf,
  { readLimits, limited, losesJournals = false }: WorldOptions = {},
): World {
  const clock = createSimulatedClock(START_AT);
  const calls = createPendingCalls();
  const trace: string[] = [];
  const callFaults: CallFault[] = [];
  const cluster = createCluster(clock, calls);
  cluster.sizeOf = sizeInRound;
  const invariants = createInvariants({
    cluster,
    isOtherAgents: (task) => otherAgent.isAtWork(task),
    isAbortNoted(task) {
      const entries = world.daemons.flatMap(({ disk }) => readDisk(disk).get(task as TaskId) ?? []);
      return entries.length > 0 && entries.every(({ stoppingSince }) => stoppingSince !== undefined);
    },
    daemons: count,
    now: () => clock.now(),
    absentMs: GRACE_PERIODS.absentMs,
  });
  const numberOf = new Map<number, number>();
  const server = createServer(clock, calls, ({ owner, ...call }) => {
    invariants.sawCall({ ...call, daemon: numberOf.get(owner) ?? 0 }, server.store);
    limitOracle?.sawCall(owner, call);
  });
  const limitOracle =
    limited === undefined
      ? undefined
      : createLimitOracle({
          ...limited,
          cluster,
          daemons: count,
          now: () => clock.now(),
          daemonOf: (incarnation) => numberOf.get(incarnation) ?? 0,
          ownerOf,
          // No limit counts a job of an ended task that is not in this daemon's journal: a daemon forgets an ended task without a job, and
          // a job that was in flight may reach the controller later.
          isUncounted: (task) =>
            !ACTIVE.includes(server.store.tasks.get(task)?.status ?? '') &&
            (losesJournals ||
              count > 1 ||
              (isUntracked(task) && cluster.jobs.some((job) => job.task === task && job.wasInFlight))),
          isReturned: (task) =>
            world.daemons.every(({ disk }) => (readDisk(disk).get(task as TaskId)?.step ?? 'orphaned') === 'orphaned'),
          isTrackedBy: (number, task) =>
            world.daemons.some((daemon) => daemon.number === number && readDisk(daemon.disk).has(task as TaskId)),
          report: (says, task) => invariants.report('wrong', task, says),
        });
  const isUntracked = (task: string): boolean => world.daemons.every(({ disk }) => !readDisk(disk).has(task as TaskId));
  const otherAgent = createOtherAgent(server, () => clock.now());
  server.addQueue(OWN_QUEUE, 'own');
  server.addQueue(OTHER_QUEUE, 'other');
  server.addQueue(SCHEDULER_QUEUE, 'slurm_scheduler');

  const tasks: TaskId[] = [];
  const natures: TaskNature[] = [];
  const natureOf = (task: string): TaskNature => natures[Number(task) - 1] ?? 'ends well';

  let incarnations = 0;
  const world: World = {
    clock,
    calls,
    server,
    cluster,
    otherAgent,
    daemons: Array.from({ length: count }, (_, index): SimDaemon => ({
      number: index + 1,
      disk: { text: '' },
      running: undefined,
    })),
    tasks,
    invariants,
    callFaults,
    limitOracle,
    trace,
    now: () => clock.now(),

    note(who, what) {
      trace.push(`${((clock.now() - START_AT) / 1000).toFixed(1).padStart(7)} ${who.padEnd(9)} ${what}`);
    },

    async enqueueTask(nature) {
      const number = natures.push(nature);
      const id = String(number).padStart(32, '0') as TaskId;
      tasks.push(id);
      server.addTask(id, `task ${number}`, limited === undefined ? undefined : ownerOf(id));
      await server.call('tasks.enqueue', { task: id, queue: OWN_QUEUE });
      return id;
    },

    endsWell: (task) => natureOf(task) !== 'fails',

    start(daemon) {
      incarnations += 1;
      const incarnation = incarnations;
      const stop = new AbortController();
      daemon.running = { stop, incarnation };
      numberOf.set(incarnation, daemon.number);
      world.note(`daemon ${daemon.number}`, 'starts');
      const isMisfit = (task: string): boolean => natureOf(task) === 'misfit';
      const { number, disk } = daemon;
      const scheduler = schedulerOf(world, incarnation);
      const { readLog } = cluster;
      const around = {
        server,
        scheduler,
        clock,
        calls,
        readLog,
        disk,
        incarnation,
        number,
        isMisfit,
        readLimits,
        limited,
      };
      const pauses = limitOracle === undefined ? undefined : () => limitOracle.readPauses(incarnation);
      runDaemon(createDaemonDeps({ ...around, pauses }), {
        intervals: INTERVALS,
        once: false,
        stop: stop.signal,
        lock: { touch: () => Promise.resolve(), release: () => Promise.resolve() },
        random: () => 0.5,
      }).then(
        () => {
          if (daemon.running?.incarnation === incarnation) daemon.running = undefined;
          // Each pending call of the stopped daemon arrives, or does not.
          for (const call of [...calls.pending])
            if (call.owner === incarnation && clock.now() % 2 === 0) call.finish('answered');
          calls.drop(incarnation);
          clock.drop(incarnation);
          world.note(`daemon ${daemon.number}`, 'has stopped');
        },
        (error: unknown) => {
          invariants.report('wrong', undefined, `daemon ${daemon.number} died of ${String(error)}`);
        },
      );
    },

    kill(daemon) {
      if (daemon.running === undefined) return;
      calls.drop(daemon.running.incarnation);
      clock.drop(daemon.running.incarnation);
      daemon.running = undefined;
      world.note(`daemon ${daemon.number}`, 'is killed');
    },

    finish(call) {
      const daemon = world.daemons.find(({ running }) => running?.incarnation === call.owner);
      const [fault] = callFaults;
      const isMet = fault !== undefined && call.kind !== 'server' && (fault.kind === 'any' || fault.kind === call.kind);
      if (isMet) callFaults.shift();
      const way = isMet ? fault.way : 'answered';
      world.note(
        daemon === undefined ? 'server' : `daemon ${daemon.number}`,
        `${call.label}${way === 'answered' ? '' : ` (${way})`}`,
      );
      if (way === 'answered' || way === 'not made' || way === 'answer lost') {
        call.finish(way);
        return;
      }
      if (way === 'killed after') call.finish('answered');
      if (daemon === undefined) return;
      world.kill(daemon);
      if (way === 'killed and journal lost') {
        daemon.disk.text = '';
        invariants.permitRepeats();
      }
    },
  };
  return world;
}

function ownerOf(task: string): string {
  return OWNERS[Number(task) % OWNERS.length] ?? '';
}
