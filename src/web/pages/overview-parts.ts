// The parts of the status page, which an open page replaces when they change.
import { rememberLast } from '../../base/remember-last.ts';
import { healthPart } from './health-part.ts';
import type { Html } from './html.ts';
import type { Site } from './page-frame.ts';
import type { QueueSummary } from './queue-summaries.ts';
import type { Overview, TaskLine } from './read-overview.ts';
import { endedPart, queuesPart, tasksPart, type Shown } from './status-tables.ts';

/** The elements that are replaced, by their ids. */
export type Parts = Readonly<Record<string, Html>>;

export function overviewParts(site: Site, shown: Shown, seen: Overview): Parts {
  return createPartsRenderer(site, shown)(seen);
}

/** Returns a function that renders the parts again and again, each of them only if what it shows has changed. */
export function createPartsRenderer(site: Site, shown: Shown): (seen: Overview) => Parts {
  const queues = rememberLast((...all: readonly QueueSummary[]) => queuesPart(all, shown));
  const tasks = rememberLast((taskCount: number, pages: number, ...lines: readonly TaskLine[]) =>
    tasksPart(site, { taskCount, pages, tasks: lines }, shown),
  );
  const ended = rememberLast(endedPart);
  return (seen) => ({
    // Its times change with each poll.
    health: healthPart(seen),
    queues: queues(...seen.queues),
    tasks: tasks(seen.taskCount, seen.pages, ...seen.tasks),
    ended: ended(seen.ended),
  });
}
