// Keeps every state of a daemon once: its journal, and within a pass the responses so far.
import { stampOf, withStamp, type JournalValue } from './journal-value.ts';
import type { Program } from './program.ts';
import { beginPass, type PassStart, type DaemonPass, type PassState } from './daemon-pass.ts';
import type { Event } from './outside-calls.ts';
import type { SeenTask } from './server-rules.ts';
import type { Stamp } from './world.ts';

export interface Incarnation {
  readonly number: number;
  readonly daemon: number;
  /** The content on disk. */
  readonly journal: JournalValue;
  /** undefined between two passes. */
  readonly pass:
    { readonly beginning: PassStart; readonly events: readonly Event[]; readonly moment: PassState } | undefined;
  /** The server's stamps that it remembers. */
  readonly stamps: readonly Stamp[];
}

export interface Incarnations {
  readonly count: number;
  /** Between two passes, or just started. */
  rest(daemon: number, journal: JournalValue): Incarnation;
  /** The beginning of a pass. */
  begin(beginning: PassStart): Promise<Incarnation>;
  /** The next state; after the end of a pass, a rest. */
  after(incarnation: Incarnation, event: Event): Promise<Incarnation>;
  /** The same incarnation with other stamps in the same order. */
  renamed(incarnation: Incarnation, names: ReadonlyMap<Stamp, Stamp>): Promise<Incarnation>;
}

export function createIncarnations(program: Program): Incarnations {
  const known = new Map<string, Incarnation>();
  const nextOf = new Map<Incarnation, Map<string, Incarnation>>();
  /** Running daemons: each continues once, and is replayed from its beginning to continue in another way. */
  const runningPasses = new Map<Incarnation, DaemonPass>();

  function keep(key: string, make: (number: number) => Incarnation): Incarnation {
    const before = known.get(key);
    if (before !== undefined) return before;
    const incarnation = make(known.size);
    known.set(key, incarnation);
    return incarnation;
  }

  function rest(daemon: number, journal: JournalValue): Incarnation {
    const stamp = stampOf(journal);
    return keep(`${daemon} ${journal}`, (number) => ({
      number,
      daemon,
      journal,
      pass: undefined,
      stamps: stamp === 0 ? [] : [stamp],
    }));
  }

  async function replay(beginning: PassStart, events: readonly Event[]): Promise<DaemonPass> {
    const live = await beginPass(program, beginning);
    for (const event of events) await live.take(event);
    return live;
  }

  async function incarnationAfter(
    beginning: PassStart,
    events: readonly Event[],
    from?: Incarnation,
  ): Promise<Incarnation> {
    const key = JSON.stringify([beginning, events]);
    const before = known.get(key);
    if (before !== undefined) return before;
    const last = events.at(-1);
    const running = from === undefined ? undefined : runningPasses.get(from);
    if (from !== undefined) runningPasses.delete(from);
    if (last !== undefined) await running?.take(last);
    const live = running ?? (await replay(beginning, events));
    const moment = live.moment();
    const { daemon } = beginning;
    if (moment.death === undefined && moment.isAsleep && moment.pending.length === 0) {
      const over = rest(daemon, moment.journal);
      known.set(key, over);
      return over;
    }
    const stamps = new Set([stampOf(beginning.journal), stampOf(moment.journal), ...events.flatMap(stampsOf)]);
    stamps.delete(0);
    const incarnation = keep(key, (number) => ({
      number,
      daemon,
      journal: moment.journal,
      pass: { beginning, events, moment },
      stamps: [...stamps],
    }));
    runningPasses.set(incarnation, live);
    return incarnation;
  }

  return {
    get count() {
      return known.size;
    },
    rest,
    begin: (beginning) => incarnationAfter(beginning, []),

    async after(incarnation, event) {
      if (incarnation.pass === undefined) throw new Error('only `begin` can follow a rest');
      const key = JSON.stringify(event);
      const mine = nextOf.get(incarnation) ?? new Map<string, Incarnation>();
      nextOf.set(incarnation, mine);
      const before = mine.get(key);
      if (before !== undefined) return before;
      const next = await incarnationAfter(incarnation.pass.beginning, [...incarnation.pass.events, event], incarnation);
      mine.set(key, next);
      return next;
    },

    async renamed(incarnation, names) {
      if (incarnation.stamps.every((stamp) => names.get(stamp) === stamp)) return incarnation;
      const journal = renameJournal(incarnation.pass?.beginning.journal ?? incarnation.journal, names);
      if (incarnation.pass === undefined) return rest(incarnation.daemon, journal);
      const events = incarnation.pass.events.map((event) => renameEvent(event, names));
      return incarnationAfter({ ...incarnation.pass.beginning, journal }, events);
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
