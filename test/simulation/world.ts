// One world: a server, a cluster, daemons and a user, in which one thing after the other moves.
import type { TaskId } from '../../src/clearml/ids.ts';
import { runDaemon } from '../../src/daemon/loop.ts';
import type { Scheduler } from '../../src/slurm/scheduler.ts';
import { createCluster, type Cluster } from './cluster.ts';
import { createInvariants, type Invariants } from './oracle/invariants.ts';
import { createDaemonDeps } from './daemon-deps.ts';
import { readDisk, type Disk } from './memory-journal.ts';
import { createOtherAgent, type OtherAgent } from './other-agent.ts';
import { createSimulatedClock, type SimulatedClock } from './clock.ts';
import { OTHER_QUEUE, OWN_QUEUE, SCHEDULER_QUEUE } from './queues.ts';
import { createServer, type Server } from './server.ts';
import {
  createPendingCalls,
  type CallKind,
  type PendingCall,
  type PendingCalls,
  type CallOutcome,
} from './pending-calls.ts';

/** What will happen to the next call of this kind. */
export interface CallFault {
  readonly kind: CallKind | 'any';
  readonly way: CallOutcome | 'killed before' | 'killed after' | 'killed and journal lost';
}

export interface SimDaemon {
  readonly number: number;
  readonly disk: Disk;
  /** undefined while it doesn't run. */
  running: { readonly stop: AbortController; readonly life: number } | undefined;
}

/** What the program of a task does, or that its template can't be filled in. */
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
  readonly trace: string[];
  /** One more task, which is enqueued. */
  enqueueTask(character: TaskNature): Promise<TaskId>;
  note(who: string, what: string): void;
  start(daemon: SimDaemon): void;
  kill(daemon: SimDaemon): void;
  /** Lets a daemon's call happen, the way the first trap for it says. */
  finish(call: PendingCall): void;
  endsWell(task: string): boolean;
  now(): number;
}

export interface Cast {
  readonly natures: readonly TaskNature[];
  readonly daemons: 1 | 2;
}

/** Slurm as one life of a daemon has it. */
export type SchedulerOf = (world: Pick<World, 'cluster' | 'clock' | 'calls'>, life: number) => Scheduler;

const START_AT = Date.UTC(2026, 0, 1);
const PACE = { pollMs: 15_000, queueMs: 15_000 };

export async function createWorld(
  { natures: cast, daemons: count }: Cast,
  schedulerOf: SchedulerOf = ({ cluster }, life) => cluster.schedulerOf(life),
): Promise<World> {
  const clock = createSimulatedClock(START_AT);
  const calls = createPendingCalls();
  const trace: string[] = [];
  const traps: CallFault[] = [];
  const tell = (who: string, what: string): void => {
    trace.push(`${((clock.now() - START_AT) / 1000).toFixed(1).padStart(7)} ${who.padEnd(9)} ${what}`);
  };
  const cluster = createCluster(clock, calls);
  const judge = createInvariants({
    cluster,
    isNeighbours: (task) => peer.isAtWork(task),
    isAbortNoted(task) {
      const entries = world.daemons.flatMap(({ disk }) => readDisk(disk).get(task as TaskId) ?? []);
      return entries.length > 0 && entries.every(({ stoppingSince }) => stoppingSince !== undefined);
    },
    count,
  });
  const numberOf = new Map<number, number>();
  const server = createServer(clock, calls, ({ owner, ...call }) => {
    judge.sawCall({ ...call, daemon: numberOf.get(owner) ?? 0 }, server.store);
  });
  const peer = createOtherAgent(server);
  for (const [id, name] of [
    [OWN_QUEUE, 'own'],
    [OTHER_QUEUE, 'other'],
    [SCHEDULER_QUEUE, 'slurm_scheduler'],
  ] as const)
    server.addQueue(id, name);

  const tasks: TaskId[] = [];
  const characters: TaskNature[] = [];
  const characterOf = (task: string): TaskNature => characters[Number(task) - 1] ?? 'ends well';

  let lives = 0;
  const world: World = {
    clock,
    calls,
    server,
    cluster,
    otherAgent: peer,
    daemons: Array.from({ length: count }, (_, index): SimDaemon => ({
      number: index + 1,
      disk: { text: '' },
      running: undefined,
    })),
    tasks,
    invariants: judge,
    callFaults: traps,
    trace,
    note: tell,
    now: () => clock.now(),

    async enqueueTask(character) {
      const number = characters.push(character);
      const id = String(number).padStart(32, '0') as TaskId;
      tasks.push(id);
      server.addTask(id, `task ${number}`);
      await server.call('tasks.enqueue', { task: id, queue: OWN_QUEUE });
      return id;
    },

    endsWell: (task) => characterOf(task) !== 'fails',

    start(daemon) {
      lives += 1;
      const life = lives;
      const stop = new AbortController();
      daemon.running = { stop, life };
      numberOf.set(life, daemon.number);
      tell(`daemon ${daemon.number}`, 'starts');
      const isMisfit = (task: string): boolean => characterOf(task) === 'misfit';
      const { number, disk } = daemon;
      const scheduler = schedulerOf(world, life);
      runDaemon(createDaemonDeps({ server, scheduler, clock, calls, disk, life, number, isMisfit }), {
        intervals: PACE,
        once: false,
        stop: stop.signal,
        lock: { touch: () => Promise.resolve(), release: () => Promise.resolve() },
        random: () => 0.5,
      }).then(
        () => {
          if (daemon.running?.life === life) daemon.running = undefined;
          // What was on its way arrives, or doesn't.
          for (const call of [...calls.pending])
            if (call.owner === life && clock.now() % 2 === 0) call.finish('answered');
          calls.drop(life);
          clock.drop(life);
          tell(`daemon ${daemon.number}`, 'has stopped');
        },
        (error: unknown) => {
          judge.report(`daemon ${daemon.number} died of ${String(error)}`);
        },
      );
    },

    kill(daemon) {
      if (daemon.running === undefined) return;
      calls.drop(daemon.running.life);
      clock.drop(daemon.running.life);
      daemon.running = undefined;
      tell(`daemon ${daemon.number}`, 'is killed');
    },

    finish(call) {
      const daemon = world.daemons.find(({ running }) => running?.life === call.owner);
      const [trap] = traps;
      const falls = trap !== undefined && call.kind !== 'server' && (trap.kind === 'any' || trap.kind === call.kind);
      if (falls) traps.shift();
      const way = falls ? trap.way : 'answered';
      tell(
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
        judge.permitRepeats();
      }
    },
  };
  for (const character of cast) await world.enqueueTask(character);
  return world;
}

/** What the daemon's journal says on disk. */
export function journalOf(daemon: SimDaemon): ReturnType<typeof readDisk> {
  return readDisk(daemon.disk);
}
