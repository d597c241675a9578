// Presence: the daemon as a worker in ClearML, so that the web page shows its queues as served.
import { ServerUnreachable } from '../clearml/errors.ts';
import type { Glue } from './glue.ts';

/** The server forgets a worker that has been silent for so long. */
const WORKER_TIMEOUT_MS = 600_000;
export const REPORT_EVERY_MS = 30_000;

export async function announce(glue: Glue): Promise<void> {
  await glue.clearml.workers.register(glue.worker, queueIds(glue), WORKER_TIMEOUT_MS);
}

/** Never in the way: a report that fails is followed by the next one. */
export async function report(glue: Glue): Promise<void> {
  try {
    await glue.clearml.workers.report(glue.worker, queueIds(glue));
  } catch (error) {
    if (!(error instanceof ServerUnreachable)) throw error;
    glue.log.debug('The worker could not report', { err: error });
  }
}

export async function takeLeave(glue: Glue): Promise<void> {
  try {
    await glue.clearml.workers.unregister(glue.worker);
  } catch (error) {
    glue.log.debug('The worker could not take its leave', { err: error });
  }
}

function queueIds(glue: Glue): Glue['schedulerQueue'][] {
  return glue.queues.map(({ id }) => id);
}
