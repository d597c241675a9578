// Watches the statuses and consoles of tasks on the server until each has ended.
import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import type { Api } from '../../test/support/clearml-user.ts';
import { MARK, type DemoTask } from './tasks.ts';

export interface TaskEvent {
  readonly at: number;
  readonly task: DemoTask;
  readonly text: string;
}

export interface Watch {
  readonly api: Api;
  readonly tasks: readonly DemoTask[];
  /** The worker whose console lines are all shown; of other workers, only marked lines are. */
  readonly worker: string;
  readonly told: (event: TaskEvent) => void;
  /** Called in each poll; throws if waiting is pointless. */
  readonly check: () => void;
  readonly withinMs: number;
}

const POLL_EVERY_MS = 200;
/** How long to wait after a task's end for the daemon's line about the end of its job, and after that for more lines. */
const END_LINE_MS = 60_000;
const LAST_LINE_MS = 3_000;
/** It comes when all agents of the job have sent their lines. */
const END_LINE = /Slurm job \d+ ended /;
const FINAL = ['completed', 'failed', 'stopped', 'closed', 'published'];

const Status = z.object({ task: z.object({ status: z.string(), status_changed: z.coerce.date() }) });
const Log = z.object({
  events: z.array(z.object({ timestamp: z.number(), worker: z.string(), msg: z.string() })),
});

interface Progress {
  readonly task: DemoTask;
  status: string;
  statusAt: number;
  /** The console lines that were shown: of two agents, one may send older lines later. */
  readonly read: Set<string>;
  /** When the daemon's line about the end of the job was read; 0 before. */
  endLineAt: number;
}

/** Returns when all tasks are final and the daemon's last lines are shown, or at the deadline. */
export async function watchTasks(watch: Watch): Promise<void> {
  const all = watch.tasks.map((task): Progress => ({
    task,
    status: 'queued',
    statusAt: 0,
    read: new Set(),
    endLineAt: 0,
  }));
  const deadline = Date.now() + watch.withinMs;
  while (Date.now() < deadline && !all.every(isOver)) {
    watch.check();
    const news = (await Promise.all(all.map((progress) => poll(watch, progress)))).flat();
    for (const event of news.toSorted((a, b) => a.at - b.at)) watch.told(event);
    await sleep(POLL_EVERY_MS);
  }
}

function isOver({ status, statusAt, endLineAt }: Progress): boolean {
  const quietAt = endLineAt > 0 ? endLineAt + LAST_LINE_MS : statusAt + END_LINE_MS;
  return FINAL.includes(status) && Date.now() > quietAt;
}

async function poll({ api, worker }: Watch, progress: Progress): Promise<TaskEvent[]> {
  const { task } = progress;
  const news: TaskEvent[] = [];

  const { status, status_changed: changed } = Status.parse(await api('tasks.get_by_id', { task: task.id })).task;
  if (status !== progress.status) {
    news.push({ at: changed.getTime(), task, text: `${progress.status} → ${status}` });
    progress.status = status;
    progress.statusAt = changed.getTime();
  }

  const { events } = Log.parse(await api('events.get_task_log', { task: task.id, navigate_earlier: false }));
  for (const event of events.filter((one) => !progress.read.has(JSON.stringify(one)))) {
    progress.read.add(JSON.stringify(event));
    if (event.worker === worker && END_LINE.test(event.msg)) progress.endLineAt = Date.now();
    const lines = event.worker === worker ? [event.msg] : markedLines(event.msg);
    for (const text of lines) news.push({ at: event.timestamp, task, text });
  }
  return news;
}

/** The real agent writes `RANK 1:`, in color, before the lines of every node but the first. */
function markedLines(text: string): string[] {
  const lines = text.split('\n').map((line) => line.replace(/^\u001b\[[\d;]*mRANK \d+:\u001b\[0m\s*/, ''));
  return lines.filter((line) => line.startsWith(MARK));
}
