// The moves that every player of a simulation makes: a daemon's call, the passing of time, and the wait until all is said.
import type { SimulatedClock } from './clock.ts';
import type { PendingCall, PendingCalls } from './pending-calls.ts';

const CHANGES = [
  'tasks.failed',
  'tasks.stopped',
  'tasks.completed',
  'tasks.dequeue',
  'tasks.started',
  'tasks.update',
  'queues.add_task',
];
const CLOSE_READING = ['tasks.get_by_id', 'tasks.started'];

/**
 * A daemon's call. Between a reading of one task and a change of it that follows at once lie milliseconds: nobody else
 * moves in them, as nothing on the server could keep him from it.
 */
export async function takeTurn(
  calls: PendingCalls,
  call: PendingCall,
  take: (call: PendingCall) => void,
): Promise<void> {
  let current: PendingCall | undefined = call;
  for (;;) {
    take(current);
    await settle();
    const { owner, task, endpoint }: PendingCall = current;
    if (task === undefined || !CLOSE_READING.includes(endpoint)) return;
    current = [...calls.pending].find(
      (one) => one.owner === owner && one.task === task && CHANGES.includes(one.endpoint),
    );
    if (current === undefined) return;
  }
}

/** Until somebody wants to be woken. */
export function passTime(clock: SimulatedClock): void {
  const wakeAt = clock.nextWakeAt();
  clock.pass(wakeAt === undefined ? 1_000 : Math.max(0, wakeAt - clock.now()));
}

/** Everything that promises can do until somebody waits for the outside. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
