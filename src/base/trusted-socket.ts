// Checks that a socket on this machine belongs to this user and that no other user can replace it.
import { dirname } from 'node:path';
import {
  findDistrust,
  findNameDistrust,
  inspectPath,
  ownTrust,
  type PathSteps,
  type Trust,
} from './path-trust-rule.ts';
import { messageOf } from './error-message.ts';

/**
 * Why another user may listen on the socket, as the beginning of a sentence: `/tmp/s belongs to another user (uid 1002)`.
 *
 * The path must follow the rule of trusted paths, and its directory must be closed to others even if it is sticky: when the
 * program ends and its socket disappears, any user could create one of the same name in /tmp. The permissions of the socket only
 * say who may connect, so they are not checked. Pure.
 */
export function findSocketDistrust({ steps, isWhole }: PathSteps, trust: Trust): string | undefined {
  const above = isWhole ? steps.slice(0, -1) : steps;
  const socket = isWhole ? steps.at(-1) : undefined;
  if (socket !== undefined && socket.kind !== 'socket') return `${socket.path} is not a socket`;
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
  /** Why it must not be used; undefined if it may be. */
  readonly why: string | undefined;
}

/** Call it before each use of a socket. @param path absolute */
export function inspectSocket(path: string): SocketInspection {
  try {
    const inspected = inspectPath(path);
    return { isThere: inspected.isWhole, why: findSocketDistrust(inspected, ownTrust()) };
  } catch (error) {
    return { isThere: false, why: `it cannot be checked: ${messageOf(error)}` };
  }
}
