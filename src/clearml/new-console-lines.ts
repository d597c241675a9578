// Shows the new lines of a task's console, each once, although the clocks of their writers differ.
import type { ConsoleEvent, Events } from './client.ts';
import type { TaskId } from './ids.ts';

export interface ConsoleView {
  /** Skips the lines that exist already. */
  skip(): Promise<void>;
  /** @throws ServerUnreachableError */
  show(): Promise<void>;
}

/** A line may come this much later than one with a younger time. */
const LATE_MS = 120_000;

/** @param print gets text that ends in a newline */
export function createConsoleView(
  events: Pick<Events, 'read'>,
  task: TaskId,
  print: (text: string) => void,
): ConsoleView {
  /** The events that the next call may return again. */
  let seen = new Map<string, ConsoleEvent>();
  let newest = 0;

  async function readNew(): Promise<ConsoleEvent[]> {
    const read = await events.read(task, { after: Math.max(0, newest - LATE_MS) });
    const fresh = read.filter((event) => !seen.has(keyOf(event)));
    for (const { at } of fresh) newest = Math.max(newest, at);
    seen = new Map(
      [...seen.values(), ...fresh].filter(({ at }) => at > newest - LATE_MS).map((one) => [keyOf(one), one]),
    );
    return fresh;
  }

  return {
    async skip() {
      const [last] = await events.read(task, { last: 1 });
      newest = last?.at ?? 0;
      await readNew();
    },
    async show() {
      for (const { text } of await readNew()) print(text.endsWith('\n') ? text : `${text}\n`);
    },
  };
}

function keyOf({ at, worker, text }: ConsoleEvent): string {
  return [at, worker, text].join('\n');
}
