// All successors of a state: a step of a daemon is one call, and between two calls anything else may move.
import { jobMoves } from './job-rules.ts';
import { hasRecordedAbort, violationByCall, violationByJob } from './invariants.ts';
import type { Incarnation, Incarnations } from './incarnations.ts';
import type { MoveKind } from './moves.ts';
import type { Event, PendingCall, Reply } from './outside-calls.ts';
import { READS, serve, type Served } from './server-rules.ts';
import { slurmOutcomes } from './slurm-rules.ts';
import { nextStamp, type State } from './state.ts';
import { lateMoves, otherAgentMoves, userMoves, type UserAct } from './user-rules.ts';
import { QUEUE_IDS, isHeard, spend, type ServerCall, type World } from './world.ts';

export interface Setting {
  /** False only to show that the gate is needed. */
  readonly hasGate: boolean;
  readonly hasAccounting: boolean;
  /** Whether nothing moves between the lists of one poll: the snapshot may still be old when the daemon acts. */
  readonly hasAtomicPolls: boolean;
  /** What the user may do. */
  readonly acts: readonly UserAct[];
  /** Whether ended jobs may disappear from Slurm's list at any moment. */
  readonly purges: boolean;
  /** How often the loop may continue during a submission. */
  readonly wakes: number;
  /** Whether passes may also follow each other so closely that no grace period expires. */
  readonly hasShortRounds: boolean;
}

export interface Successor {
  readonly label: string;
  readonly kind: MoveKind;
  readonly state: State;
  /** The violation by the step itself. */
  readonly wrong?: string | undefined;
}

export async function successors(state: State, incarnations: Incarnations, setting: Setting): Promise<Successor[]> {
  // A write to a daemon's own disk is invisible to all others: only a crash can matter before it.
  const writer = state.incarnations.findIndex((incarnation) => journalWrite(incarnation) !== undefined);
  if (writer >= 0) return daemonSteps(state, writer, incarnations, setting);

  const closer = state.incarnations.findIndex(
    (incarnation) => isClose(incarnation) || (setting.hasAtomicPolls && isPolling(incarnation)),
  );
  if (closer >= 0) return daemonSteps(state, closer, incarnations, setting);

  const { world } = state;
  const stamp = nextStamp(state);
  const others = [
    ...jobMoves(world, stamp, setting),
    ...otherAgentMoves(world, stamp),
    ...userMoves(world, stamp, setting.acts),
    ...lateMoves(world, stamp),
  ];
  const found: Successor[] = others.map(({ label, kind, world: after }) => ({
    label,
    kind,
    state: { ...state, world: withKnownAbort(after, state.incarnations) },
  }));
  for (const index of state.incarnations.keys())
    found.push(...(await daemonSteps(state, index, incarnations, setting)));
  return found;
}

/**
 * The server has no conditional change of a status. So between reading a task and
 * the change that follows within milliseconds, nothing else moves here.
 */
const CLOSE: readonly string[] = [
  'tasks.update',
  'tasks.failed',
  'tasks.stopped',
  'tasks.completed',
  'tasks.started',
  'tasks.dequeue',
  'tasks.stop',
];

/** The last response was the task itself, or a stopped task that was started is now dequeued. */
function isClose({ pass }: Incarnation): boolean {
  const last = pass?.events.at(-1);
  const [one] = pass?.moment.pending ?? [];
  if (last === undefined || 'wakes' in last || !('server' in last.reply) || one?.call.to !== 'server') return false;
  const { endpoint } = one.call.call;
  if ('task' in last.reply.server) return CLOSE.includes(endpoint);
  return 'count' in last.reply.server && endpoint === 'tasks.dequeue';
}

/** Within a poll: the next call requests a list. */
function isPolling({ pass }: Incarnation): boolean {
  const [one, other] = pass?.moment.pending ?? [];
  if (one === undefined || other !== undefined) return false;
  const { call } = one;
  return call.to === 'slurm'
    ? call.call.what === 'list'
    : call.to === 'server' && call.call.endpoint.endsWith('.get_all');
}

function journalWrite(incarnation: Incarnation): PendingCall | undefined {
  return incarnation.pass?.moment.pending.find(({ call }) => call.to === 'journal');
}

async function daemonSteps(
  state: State,
  index: number,
  incarnations: Incarnations,
  setting: Setting,
): Promise<Successor[]> {
  const incarnation = state.incarnations[index];
  if (incarnation === undefined) return [];
  const { world } = state;
  const who = state.incarnations.length === 1 ? 'daemon' : `daemon ${incarnation.daemon}`;
  const found: Successor[] = [];
  const addSuccessor = (next: Incarnation, label: string, kind: MoveKind, after: World, wrong?: string): void => {
    found.push({
      label: `${who}: ${label}`,
      kind,
      wrong,
      state: { world: after, incarnations: state.incarnations.with(index, next) },
    });
  };

  if (incarnation.pass === undefined) {
    if (index > 0 && world.left.rounds === 0) return found;
    for (const isLongAfter of setting.hasShortRounds ? [true, false] : [true]) {
      const { daemon, journal } = incarnation;
      const hasSlowSbatch = state.incarnations.length > 1;
      const begun = await incarnations.begin({ daemon, journal, made: world.made, isLongAfter, hasSlowSbatch });
      const [first] = begun.pass?.moment.pending ?? [];
      if (first !== undefined) await call(begun, first, isLongAfter ? 'a pass begins: ' : 'a pass begins at once: ');
    }
    return found;
  }

  const write = journalWrite(incarnation);
  const { pending, isAsleep } = incarnation.pass.moment;
  for (const one of write === undefined ? pending : [write]) await call(incarnation, one, '');
  if (write === undefined && isAsleep && countWakes(incarnation.pass.events) < setting.wakes) {
    addSuccessor(await incarnations.after(incarnation, { wakes: true }), 'polls again meanwhile', 'work', world);
  }
  if (hasDoneAnything(incarnation)) crash();
  return found;

  function crash(): void {
    const again = incarnations.rest(incarnation?.daemon ?? 0, incarnation?.journal ?? '');
    if (world.left.crashes > 0) addSuccessor(again, 'is killed', 'fault', spend(world, 'crashes'));
    if (world.left.journals > 0) {
      addSuccessor(
        incarnations.rest(again.daemon, ''),
        'is killed, and loses its journal',
        'fault',
        spend(world.aborted === 'overwritten' ? { ...world, aborted: 'erased' } : world, 'journals'),
      );
    }
    for (const { call: outside } of pending) {
      if (
        outside.to !== 'server' ||
        READS.includes(outside.call.endpoint) ||
        world.left.late === 0 ||
        world.late !== undefined
      )
        continue;
      const late = spend({ ...world, late: outside.call }, 'late');
      addSuccessor(again, `is killed while ${outside.call.endpoint} is in flight`, 'fault', late);
    }
  }

  async function call(from: Incarnation, { seq, call: outside }: PendingCall, prefix: string): Promise<void> {
    const isBeginning = incarnation?.pass === undefined && index > 0;
    const answer = async (reply: Reply, label: string, kind: MoveKind, next: World, wrong?: string): Promise<void> => {
      const after = isBeginning ? spend(next, 'rounds') : next;
      const event: Event = { seq, reply };
      addSuccessor(await incarnations.after(from, event), prefix + label, kind, after, wrong);
    };
    const isLossy = world.left.lost > 0;
    switch (outside.to) {
      case 'journal':
        await answer({ journal: true }, `journal: ${nameStep(outside.value)}`, 'work', world);
        if (isLossy) await answer({ lost: true }, 'the journal cannot be written', 'fault', spend(world, 'lost'));
        return;
      case 'slurm':
        for (const outcome of slurmOutcomes(world, outside.call, setting)) {
          const wrong = state.incarnations.length === 1 ? violationByJob(world, outcome.world) : undefined;
          await answer(
            { slurm: outcome.answer },
            nameSlurm(outside.call) + outcome.how,
            outcome.kind,
            outcome.world,
            wrong,
          );
        }
        return;
      case 'server': {
        const { endpoint } = outside.call;
        const name = nameCall(outside.call.endpoint, outside.call.body);
        const served = serveDaemon(world, outside.call, { stamp: nextStamp(state), isHeard: isHeard(world) });
        const wrong = violationByCall(outside.call, world, served.world);
        const labels = 'refused' in served.answer ? ` (refused ${served.answer.refused.join('/')})` : '';
        await answer({ server: served.answer }, name + labels, 'work', served.world, wrong);
        if (!isLossy) return;
        const less = spend(world, 'lost');
        await answer({ lost: true }, `${name}, which never arrives`, 'fault', less);
        if (READS.includes(endpoint)) return;
        const happened = spend(served.world, 'lost');
        await answer({ lost: true }, `${name}, whose response is lost`, 'fault', happened, wrong);
        // The client itself retries idempotent calls.
        if (outside.isRepeated)
          addSuccessor(
            from,
            `${prefix}${name}, whose response is lost, and which is retried`,
            'fault',
            happened,
            wrong,
          );
      }
    }
  }
}

/** A request that was repeated is a request. */
function serveDaemon(world: World, call: ServerCall, now: Parameters<typeof serve>[2]): Served {
  const served = serve(world, call, now);
  if (call.endpoint !== 'tasks.stop' || 'refused' in served.answer) return served;
  const aborted = served.world.task?.status === 'stopped' ? 'at once' : 'asked';
  return { ...served, world: { ...served.world, aborted } };
}

/** Nothing shows a request that an agent overwrote before the daemon had recorded it. One of two daemons may not have. */
function withKnownAbort(world: World, incarnations: readonly Incarnation[]): World {
  if (world.aborted !== 'overwritten') return world;
  const isKnown = incarnations.length === 1 && incarnations.every(({ journal }) => hasRecordedAbort(journal));
  return isKnown ? world : { ...world, aborted: 'erased' };
}

function countWakes(events: readonly Event[]): number {
  return events.filter((event) => 'wakes' in event).length;
}

/** A crash before that equals a pass that never began. */
function hasDoneAnything({ journal, pass }: Incarnation): boolean {
  if (pass === undefined) return false;
  return journal !== pass.beginning.journal || pass.events.some((event) => 'reply' in event && isChange(event.reply));
}

function isChange(reply: Reply): boolean {
  if ('lost' in reply) return true;
  if ('server' in reply) return 'count' in reply.server || 'isPopped' in reply.server;
  return 'slurm' in reply && ('outcome' in reply.slurm || 'isAsked' in reply.slurm);
}

function nameStep(value: string): string {
  if (value === '') return 'forget';
  const { step, jobId } = JSON.parse(value) as { readonly step: string; readonly jobId?: string };
  return jobId === undefined ? step : `${step} job ${jobId}`;
}

function nameSlurm(call: Parameters<typeof slurmOutcomes>[1]): string {
  switch (call.what) {
    case 'list':
      return 'squeue';
    case 'look up':
      return 'looks the job up by name';
    case 'record':
      return `scontrol show job ${call.id}`;
    case 'cancel':
      return `scancel ${call.jobs.map(({ id }) => id).join()}`;
    case 'submit':
      return 'sbatch';
  }
}

function nameCall(endpoint: string, body: Readonly<Record<string, unknown>>): string {
  const more = [body['new_status'], body['status_reason'], body['queue'] === QUEUE_IDS.own ? 'own queue' : undefined];
  const labels = more.filter((word) => typeof word === 'string');
  return labels.length === 0 ? endpoint : `${endpoint} {${labels.join(', ')}}`;
}
