// The queues of the story, by id.
import type { QueueId } from '../../src/clearml/ids.ts';

/** Served by our daemons. */
export const OWN_QUEUE = 'a'.repeat(32) as QueueId;
/** Served by somebody else's agent. */
export const OTHER_QUEUE = 'b'.repeat(32) as QueueId;
export const SCHEDULER_QUEUE = 'c'.repeat(32) as QueueId;
