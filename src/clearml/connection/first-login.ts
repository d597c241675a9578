// Logs in for the first time and refuses a server that is too old.
import type { ServerFacts } from '../client.ts';
import { NotTheApiError, ServerTooOldError, ServerUnusableError } from '../errors.ts';
import type { Session } from './session.ts';
import type { Token } from './parse-token.ts';

/** Server 1.17: `queues.add_task` without changing the task, and enqueueing a queued task. */
const OLDEST_API = '2.31';

/** @throws ServerUnusableError, CredentialsRejectedError, ServerUnreachableError */
export async function connect(session: Session): Promise<ServerFacts> {
  const token = await logIn(session);
  if (!isAtLeast(token.apiVersion, OLDEST_API)) {
    throw new ServerTooOldError(
      `${session.apiServer} is ClearML server ${token.serverVersion || 'of an unknown version'} with API ${token.apiVersion || 'of an unknown version'}, ` +
        `which is too old: parking tasks needs server 1.17 (API ${OLDEST_API}) or later; upgrade the server`,
    );
  }
  const { apiVersion, serverVersion, user, serverAheadMs } = token;
  return { apiServer: session.apiServer, apiVersion, serverVersion, user, serverAheadMs };
}

async function logIn(session: Session): Promise<Token> {
  try {
    return await session.login();
  } catch (error) {
    if (error instanceof NotTheApiError) throw new ServerUnusableError(error.message, { cause: error });
    throw error;
  }
}

/** Compares versions such as `2.9` and `2.31`, which is newer. */
function isAtLeast(version: string, oldest: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [oldestMajor = 0, oldestMinor = 0] = oldest.split('.').map(Number);
  return major > oldestMajor || (major === oldestMajor && minor >= oldestMinor);
}
