// One world: a server, a cluster, daemons and a user, in which one thing after the other moves.
import type { TaskId } from '../../src/clearml/ids.ts';
import { runDaemon } from '../../src/daemon/loop.ts';
import type { Scheduler } from '../../src/slurm/scheduler.ts';
import { createCluster, type Cluster } from './cluster.ts';
import { createJudge, type Judge } from './oracle/invariants.ts';
import { makeGlue } from './daemon-deps.ts';
import { readDisk, type Disk } from './memory-journal.ts';
import { createNeighbour, type Neighbour } from './other-agent.ts';
import { createOwnedClock, type OwnedClock } from './clock.ts';
import { OTHER_QUEUE, OWN_QUEUE, SCHEDULER_QUEUE } from './queues.ts';
import { createServer, type Server } from './server.ts';
import { createTurns, type CallKind, type Turn, type Turns, type Way } from './pending-calls.ts';

/** What will happen to the next call of this kind. */
export interface Trap {
  readonly kind: CallKind | 'any';
  readonly way: Way | 'killed before' | 'killed after' | 'killed and journal lost';
}

export interface SimDaemon {
  readonly number: number;
  readonly disk: Disk;
  /** undefined while it doesn't run. */
  running: { readonly stop: AbortController; readonly life: number } | undefined;
}

/** What the program of a task does, or that its template can't be filled in. */
export type Character = 'ends well' | 'fails' | 'misfit';

export interface World {
  readonly clock: OwnedClock;
  readonly turns: Turns;
  readonly server: Server;
  readonly cluster: Cluster;
  readonly neighbour: Neighbour;
  readonly daemons: readonly SimDaemon[];
  readonly tasks: readonly TaskId[];
  readonly judge: Judge;
  readonly traps: Trap[];
  readonly trace: string[];
  /** One more task, which is enqueued. */
  admit(character: Character): Promise<TaskId>;
  tell(who: string, what: string): void;
  start(daemon: SimDaemon): void;
  kill(daemon: SimDaemon): void;
  /** Lets a daemon's call happen, the way the first trap for it says. */
  take(turn: Turn): void;
  endsWell(task: string): boolean;
  now(): number;
}

export interface Cast {
  readonly characters: readonly Character[];
  readonly daemons: 1 | 2;
}

/** Slurm as one life of a daemon has it. */
export type SchedulerOf = (world: Pick<World, 'cluster' | 'clock' | 'turns'>, life: number) => Scheduler;

const START_AT = Date.UTC(2026, 0, 1);
const PACE = { lookMs: 15_000, queueMs: 15_000 };

export async function createWorld(
  { characters: cast, daemons: count }: Cast,
  schedulerOf: SchedulerOf = ({ cluster }, life) => cluster.schedulerOf(life),
): Promise<World> {
  const clock = createOwnedClock(START_AT);
  const turns = createTurns();
  const trace: string[] = [];
  const traps: Trap[] = [];
  const tell = (who: string, what: string): void => {
    trace.push(`${((clock.now() - START_AT) / 1000).toFixed(1).padStart(7)} ${who.padEnd(9)} ${what}`);
  };
  const cluster = createCluster(clock, turns);
  const judge = createJudge({
    cluster,
    isNeighbours: (task) => neighbour.isAtWork(task),
    isAbortNoted(task) {
      const entries = world.daemons.flatMap(({ disk }) => readDisk(disk).get(task as TaskId) ?? []);
      return entries.length > 0 && entries.every(({ stoppingSince }) => stoppingSince !== undefined);
    },
    count,
  });
  const numberOf = new Map<number, number>();
  const server = createServer(clock, turns, ({ owner, ...call }) => {
    judge.watch({ ...call, daemon: numberOf.get(owner) ?? 0 }, server.store);
  });
  const neighbour = createNeighbour(server);
  for (const [id, name] of [
    [OWN_QUEUE, 'own'],
    [OTHER_QUEUE, 'other'],
    [SCHEDULER_QUEUE, 'slurm_scheduler'],
  ] as const)
    server.addQueue(id, name);

  const tasks: TaskId[] = [];
  const characters: Character[] = [];
  const characterOf = (task: string): Character => characters[Number(task) - 1] ?? 'ends well';

  let lives = 0;
  const world: World = {
    clock,
    turns,
    server,
    cluster,
    neighbour,
    daemons: Array.from({ length: count }, (_, index): SimDaemon => ({
      number: index + 1,
      disk: { text: '' },
      running: undefined,
    })),
    tasks,
    judge,
    traps,
    trace,
    tell,
    now: () => clock.now(),

    async admit(character) {
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
      runDaemon(makeGlue({ server, scheduler, clock, turns, disk, life, number, isMisfit }), {
        pace: PACE,
        once: false,
        stop: stop.signal,
        lock: { touch: () => Promise.resolve(), release: () => Promise.resolve() },
        random: () => 0.5,
      }).then(
        () => {
          if (daemon.running?.life === life) daemon.running = undefined;
          // What was on its way arrives, or doesn't.
          for (const turn of [...turns.pending])
            if (turn.owner === life && clock.now() % 2 === 0) turn.take('answered');
          turns.drop(life);
          clock.drop(life);
          tell(`daemon ${daemon.number}`, 'has stopped');
        },
        (error: unknown) => {
          judge.wrong(`daemon ${daemon.number} died of ${String(error)}`);
        },
      );
    },

    kill(daemon) {
      if (daemon.running === undefined) return;
      turns.drop(daemon.running.life);
      clock.drop(daemon.running.life);
      daemon.running = undefined;
      tell(`daemon ${daemon.number}`, 'is killed');
    },

    take(turn) {
      const daemon = world.daemons.find(({ running }) => running?.life === turn.owner);
      const [trap] = traps;
      const falls = trap !== undefined && turn.kind !== 'server' && (trap.kind === 'any' || trap.kind === turn.kind);
      if (falls) traps.shift();
      const way = falls ? trap.way : 'answered';
      tell(
        daemon === undefined ? 'server' : `daemon ${daemon.number}`,
        `${turn.label}${way === 'answered' ? '' : ` (${way})`}`,
      );
      if (way === 'answered' || way === 'not made' || way === 'answer lost') {
        turn.take(way);
        return;
      }
      if (way === 'killed after') turn.take('answered');
      if (daemon === undefined) return;
      world.kill(daemon);
      if (way === 'killed and journal lost') {
        daemon.disk.text = '';
        judge.mayRepeat();
      }
    },
  };
  for (const character of cast) await world.admit(character);
  return world;
}

/** What the daemon's journal says on disk. */
export function journalOf(daemon: SimDaemon): ReturnType<typeof readDisk> {
  return readDisk(daemon.disk);
}
