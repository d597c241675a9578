// Refusals that the program expects, by name.
// https://github.com/clearml/clearml-server/blob/master/apiserver/apierrors/errors.conf
import { ServerRefusedError } from '../errors.ts';

const REFUSALS = {
  invalidTaskId: [400, 101],
  taskNotFound: [400, 130],
  eventsNotAdded: [400, 131],
  invalidUserId: [400, 301],
  invalidProjectId: [400, 401],
  projectNotFound: [400, 403],
  invalidQueueId: [400, 701],
  taskNotInQueue: [400, 703],
  taskAlreadyQueued: [400, 706],
  nameTaken: [400, 801],
} as const satisfies Record<string, readonly [code: number, subcode: number]>;

export type RefusalName = keyof typeof REFUSALS;

/** Whether the server refused a call for one of these reasons. */
export function isRefusal(error: unknown, ...names: readonly RefusalName[]): error is ServerRefusedError {
  if (!(error instanceof ServerRefusedError)) return false;
  return names.some((name) => error.code === REFUSALS[name][0] && error.subcode === REFUSALS[name][1]);
}

/** What the call returns; undefined if the server refused it for one of these reasons. */
export async function unlessRefused<Result>(
  call: Promise<Result>,
  ...names: readonly RefusalName[]
): Promise<Result | undefined> {
  try {
    return await call;
  } catch (error) {
    if (isRefusal(error, ...names)) return undefined;
    throw error;
  }
}
