// Every moment that a daemon can be in, each made once: what it remembers is its journal, and within a round the answers it has had.
import { stampOf, withStamp, type JournalValue } from './journal-value.ts';
import type { Program } from './program.ts';
import { beginRound, type Beginning, type LiveRound, type Moment } from './live-round.ts';
import type { Event } from './outside-calls.ts';
import type { SeenTask } from './server-rules.ts';
import type { Stamp } from './world.ts';

export interface Life {
  readonly number: number;
  readonly daemon: number;
  /** What is on disk. */
  readonly journal: JournalValue;
  /** undefined between two rounds. */
  readonly round:
    { readonly beginning: Beginning; readonly events: readonly Event[]; readonly moment: Moment } | undefined;
  /** The server's stamps that it remembers. */
  readonly stamps: readonly Stamp[];
}

export interface Lives {
  readonly count: number;
  /** Between two rounds, or just started. */
  rest(daemon: number, journal: JournalValue): Life;
  /** A round as it begins. */
  begin(beginning: Beginning): Promise<Life>;
  /** What follows; a round that is over is a rest. */
  after(life: Life, event: Event): Promise<Life>;
  /** The same with other stamps of the same order. */
  renamed(life: Life, names: ReadonlyMap<Stamp, Stamp>): Promise<Life>;
}

export function createLives(program: Program): Lives {
  const known = new Map<string, Life>();
  const followers = new Map<Life, Map<string, Life>>();
  /** Daemons that stand at a moment: each goes on once, and is lived again from its beginning where it could also go another way. */
  const standing = new Map<Life, LiveRound>();

  function keep(key: string, make: (number: number) => Life): Life {
    const before = known.get(key);
    if (before !== undefined) return before;
    const life = make(known.size);
    known.set(key, life);
    return life;
  }

  function rest(daemon: number, journal: JournalValue): Life {
    const stamp = stampOf(journal);
    return keep(`${daemon} ${journal}`, (number) => ({
      number,
      daemon,
      journal,
      round: undefined,
      stamps: stamp === 0 ? [] : [stamp],
    }));
  }

  async function liveAgain(beginning: Beginning, events: readonly Event[]): Promise<LiveRound> {
    const live = await beginRound(program, beginning);
    for (const event of events) await live.take(event);
    return live;
  }

  async function within(beginning: Beginning, events: readonly Event[], from?: Life): Promise<Life> {
    const key = JSON.stringify([beginning, events]);
    const before = known.get(key);
    if (before !== undefined) return before;
    const last = events.at(-1);
    const standingThere = from === undefined ? undefined : standing.get(from);
    if (from !== undefined) standing.delete(from);
    if (last !== undefined) await standingThere?.take(last);
    const live = standingThere ?? (await liveAgain(beginning, events));
    const moment = live.moment();
    const { daemon } = beginning;
    if (moment.death === undefined && moment.isAsleep && moment.pending.length === 0) {
      const over = rest(daemon, moment.journal);
      known.set(key, over);
      return over;
    }
    const stamps = new Set([stampOf(beginning.journal), stampOf(moment.journal), ...events.flatMap(stampsOf)]);
    stamps.delete(0);
    const life = keep(key, (number) => ({
      number,
      daemon,
      journal: moment.journal,
      round: { beginning, events, moment },
      stamps: [...stamps],
    }));
    standing.set(life, live);
    return life;
  }

  return {
    get count() {
      return known.size;
    },
    rest,
    begin: (beginning) => within(beginning, []),

    async after(life, event) {
      if (life.round === undefined) throw new Error('nothing follows a rest but a beginning');
      const key = JSON.stringify(event);
      const mine = followers.get(life) ?? new Map<string, Life>();
      followers.set(life, mine);
      const before = mine.get(key);
      if (before !== undefined) return before;
      const next = await within(life.round.beginning, [...life.round.events, event], life);
      mine.set(key, next);
      return next;
    },

    async renamed(life, names) {
      if (life.stamps.every((stamp) => names.get(stamp) === stamp)) return life;
      const journal = renameJournal(life.round?.beginning.journal ?? life.journal, names);
      if (life.round === undefined) return rest(life.daemon, journal);
      const events = life.round.events.map((event) => renameEvent(event, names));
      return within({ ...life.round.beginning, journal }, events);
    },
  };
}

function renameJournal(journal: JournalValue, names: ReadonlyMap<Stamp, Stamp>): JournalValue {
  const stamp = stampOf(journal);
  return stamp === 0 ? journal : withStamp(journal, nameOf(stamp, names));
}

function nameOf(stamp: Stamp, names: ReadonlyMap<Stamp, Stamp>): Stamp {
  return stamp === 0 ? 0 : (names.get(stamp) ?? stamp);
}

function stampsOf(event: Event): Stamp[] {
  if ('wakes' in event || !('server' in event.reply)) return [];
  const { server } = event.reply;
  if ('task' in server) return [server.task.changed];
  if ('tasks' in server) return server.tasks.map(({ changed }) => changed);
  return 'queues' in server ? [server.queues.own ?? 0] : [];
}

function renameEvent(event: Event, names: ReadonlyMap<Stamp, Stamp>): Event {
  if ('wakes' in event || !('server' in event.reply)) return event;
  const { server } = event.reply;
  const rename = (task: SeenTask): SeenTask => ({ ...task, changed: nameOf(task.changed, names) });
  if ('task' in server) return { ...event, reply: { server: { task: rename(server.task) } } };
  if ('tasks' in server) return { ...event, reply: { server: { tasks: server.tasks.map(rename) } } };
  if (!('queues' in server) || server.queues.own === undefined) return event;
  return { ...event, reply: { server: { queues: { ...server.queues, own: nameOf(server.queues.own, names) } } } };
}
