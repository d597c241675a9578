// Watches tasks on the server, from their statuses and consoles, until the way of each has come to its end.
import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import type { Api } from '../../test/e2e/api.ts';
import { MARK, type DemoTask } from './tasks.ts';

export interface Happening {
  readonly at: number;
  readonly task: DemoTask;
  readonly text: string;
}

export interface Watch {
  readonly api: Api;
  readonly tasks: readonly DemoTask[];
  /** Whose console lines are shown; of other workers' only the marked ones are. */
  readonly worker: string;
  readonly told: (happening: Happening) => void;
  /** Called each round: throws when there is nothing to wait for any more. */
  readonly check: () => void;
  readonly withinMs: number;
}

const LOOK_EVERY_MS = 200;
/** How long after a task's end the glue's word on it is waited for, and how long after that it may say more. */
const FIRST_WORD_MS = 15_000;
const LAST_WORD_MS = 3_000;
const FINAL = ['completed', 'failed', 'stopped', 'closed', 'published'];

const Status = z.object({ task: z.object({ status: z.string(), status_changed: z.coerce.date() }) });
const Log = z.object({
  events: z.array(z.object({ timestamp: z.number(), worker: z.string(), msg: z.string() })),
});

interface Progress {
  readonly task: DemoTask;
  status: string;
  statusAt: number;
  /** The console lines that were read: of two agents, one may send later what it wrote earlier. */
  readonly read: Set<string>;
  /** When the glue last said something. */
  wordAt: number;
}

/** Returns when all tasks are final and the glue has had its last word on each, or when the time is up. */
export async function watchTasks(watch: Watch): Promise<void> {
  const all = watch.tasks.map((task): Progress => ({
    task,
    status: 'queued',
    statusAt: 0,
    read: new Set(),
    wordAt: 0,
  }));
  const deadline = Date.now() + watch.withinMs;
  while (Date.now() < deadline && !all.every(isOver)) {
    watch.check();
    const news = (await Promise.all(all.map((progress) => look(watch, progress)))).flat();
    for (const happening of news.toSorted((a, b) => a.at - b.at)) watch.told(happening);
    await sleep(LOOK_EVERY_MS);
  }
}

function isOver({ status, statusAt, wordAt }: Progress): boolean {
  const quietAt = wordAt > statusAt ? wordAt + LAST_WORD_MS : statusAt + FIRST_WORD_MS;
  return FINAL.includes(status) && Date.now() > quietAt;
}

async function look({ api, worker }: Watch, progress: Progress): Promise<Happening[]> {
  const { task } = progress;
  const news: Happening[] = [];

  const { status, status_changed: changed } = Status.parse(await api('tasks.get_by_id', { task: task.id })).task;
  if (status !== progress.status) {
    news.push({ at: changed.getTime(), task, text: `${progress.status} → ${status}` });
    progress.status = status;
    progress.statusAt = changed.getTime();
  }

  const { events } = Log.parse(await api('events.get_task_log', { task: task.id, navigate_earlier: false }));
  for (const event of events.filter((one) => !progress.read.has(JSON.stringify(one)))) {
    progress.read.add(JSON.stringify(event));
    if (event.worker === worker) progress.wordAt = event.timestamp;
    const lines = event.worker === worker ? [event.msg] : markedLines(event.msg);
    for (const text of lines) news.push({ at: event.timestamp, task, text });
  }
  return news;
}

/** The real agent writes `RANK 1:`, in color, before what it sends from any node but the first. */
function markedLines(text: string): string[] {
  const lines = text.split('\n').map((line) => line.replace(/^\u001b\[[\d;]*mRANK \d+:\u001b\[0m\s*/, ''));
  return lines.filter((line) => line.startsWith(MARK));
}
