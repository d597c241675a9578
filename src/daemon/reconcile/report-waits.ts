// Reports in many tasks why their jobs wait: their status messages and console lines share calls to ClearML.
import type { TaskId } from '../../clearml/ids.ts';
import { withOptionOriginsOf } from '../console/option-origins.ts';
import { showStatuses } from '../console/write-to-console.ts';
import type { Action } from '../decide/action.ts';
import type { Entry } from '../journal/entry.ts';
import { act, type Basis, type Pass } from './act.ts';
import { forEach } from './each-task.ts';

/** A task whose status message shows why its job waits. */
export interface Wait {
  readonly task: TaskId;
  readonly entry: Entry;
  readonly text: string;
  /** What follows once it is shown. */
  readonly then: readonly Action[];
  readonly seen: Basis;
}

/**
 * Tasks that are read and written together. Between the two calls a job may start and its user may ask it to stop, and the message would
 * erase that request: with more tasks, the calls would take longer than those for single tasks.
 */
const GROUP = 50;

/** Undefined if the actions do anything but report a wait. */
export function asWait(entry: Entry, actions: readonly Action[], seen: Omit<Basis, 'record'>): Wait | undefined {
  const [first, ...then] = actions;
  if (first?.do !== 'show-status' || !then.every((action) => action.do === 'note' || isPlainLine(action)))
    return undefined;
  return { task: entry.task, entry, text: first.text, then, seen: { ...seen, record: undefined } };
}

/** Whether the action writes a line without reading Slurm's record of the job. */
function isPlainLine(action: Action): boolean {
  return action.do === 'log' && action.withAdvice !== true && action.withIdleRanks !== true;
}

export async function reportWaits(pass: Pass, waits: readonly Wait[]): Promise<void> {
  const { deps, signal } = pass;
  for (let start = 0; start < waits.length && !signal.aborted; start += GROUP) {
    const group = waits.slice(start, start + GROUP);
    const texts = new Map(group.map(({ task, entry, text }) => [task, withOptionOriginsOf(deps, entry, text)]));
    const shown = await showStatuses(deps, texts);
    // ClearML is unreachable or busy.
    if (shown.size === 0) return;
    const rest = group.filter(({ task }) => shown.has(task));
    await forEach(deps, rest, ({ entry, then, seen }) => act(pass, entry, then, seen), signal, GROUP);
  }
}
