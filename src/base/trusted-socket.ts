// Whether a socket on this machine is this user's own: nobody else listens there, and nobody else can take its place.
import { dirname } from 'node:path';
import { findDistrust, findNameDistrust, inspectPath, ownTrust, type PathSteps, type Trust } from './trusted-path.ts';

/**
 * Why somebody else may listen at a socket, as a sentence's beginning: `/tmp/s belongs to another user (uid 1002)`.
 *
 * The way to it is held to the rule of trusted paths. The folder that holds it must be closed to others even where it is sticky: a
 * socket goes with its program, and in /tmp anybody could make one of its name in that moment. Its permissions say who may connect
 * to it, and are not judged. Pure.
 */
export function findSocketDistrust({ steps, isWhole }: PathSteps, trust: Trust): string | undefined {
  const above = isWhole ? steps.slice(0, -1) : steps;
  const socket = isWhole ? steps.at(-1) : undefined;
  if (socket !== undefined && socket.kind !== 'socket') return `${socket.path} is no socket`;
  if (socket !== undefined && socket.uid !== trust.uid)
    return `${socket.path} belongs to another user (uid ${socket.uid})`;
  const folder = above.findLastIndex(
    ({ kind, path }) => kind === 'folder' && (socket === undefined || path === dirname(socket.path)),
  );
  return (
    findDistrust({ steps: above, isWhole: false }, trust) ??
    findNameDistrust({ steps: above.slice(0, folder + 1), isWhole: false }, trust)
  );
}

export interface SocketInspection {
  readonly isThere: boolean;
  /** Why it is not to be used; undefined where it may be. */
  readonly why: string | undefined;
}

/** To be called before each use of a socket: then it is this user's own. @param path absolute */
export function inspectSocket(path: string): SocketInspection {
  try {
    const look = inspectPath(path);
    return { isThere: look.isWhole, why: findSocketDistrust(look, ownTrust()) };
  } catch (error) {
    return { isThere: false, why: `it can't be looked at: ${error instanceof Error ? error.message : String(error)}` };
  }
}
