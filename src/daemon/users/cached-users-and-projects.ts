// Users and projects of tasks, as every call costs the server time: whole for templates, and their names for the history and the audit log.
import { limitText } from '../../base/truncate-text.ts';
import { createBoundedMap } from '../../base/bounded-map.ts';
import { type Clock, waitAtMost } from '../../base/clock.ts';
import type { People } from '../../clearml/client.ts';
import { ServerRefusedError, ServerUnreachableError } from '../../clearml/errors.ts';

/**
 * Caches whole users and projects for templates, as most tasks share them. Drop the cache with the reading of the queues, so that a
 * renamed project is read again: unlike a name, a value in a script must not be old. A failure is not cached.
 */
export function cachePeople(people: People): People {
  return { ...people, user: cached((id) => people.user(id)), project: cached((id) => people.project(id)) };
}

function cached(read: People['user']): People['user'] {
  const responses = new Map<string, ReturnType<People['user']>>();
  return (id) => {
    const response = responses.get(id) ?? read(id);
    responses.set(id, response);
    response.catch(() => responses.delete(id));
    return response;
  };
}

/** Each name is undefined if the server does not report it soon: a task waits two seconds for a name, and not for its retries. */
export interface Names {
  user(id: string): Promise<string | undefined>;
  project(id: string): Promise<string | undefined>;
}

const MOST_REMEMBERED = 10_000;
const MAX_WAIT_MS = 2_000;

/** What a deleted or refused user or project has instead of a name. */
const ABSENT = '';

export function createNames(people: Pick<People, 'user' | 'project'>, clock: Clock): Names {
  return {
    user: remembered((id) => people.user(id), clock),
    project: remembered((id) => people.project(id), clock),
  };
}

function remembered(read: People['user'], clock: Clock): Names['user'] {
  const names = createBoundedMap<string>(MOST_REMEMBERED);
  /** The names that are being read; those that take too long are undefined. */
  const waits = new Map<string, Promise<string | undefined>>();

  async function readAndRemember(id: string): Promise<string | undefined> {
    try {
      const name = await read(id).then((document) => parseName(document) ?? ABSENT, absentIfRefused);
      if (name !== undefined) names.set(id, name);
      return name;
    } finally {
      waits.delete(id);
    }
  }

  return async (id) => {
    const known = names.get(id) ?? (await (waits.get(id) ?? startWait(id)));
    return known === ABSENT ? undefined : known;
  };

  function startWait(id: string): Promise<string | undefined> {
    // The read continues after the time is up, and its name serves later tasks.
    const wait = waitAtMost(clock, MAX_WAIT_MS, readAndRemember(id));
    waits.set(id, wait);
    return wait;
  }
}

/** Truncated: the journal, the history and the audit log repeat it. */
export function parseName(document: Readonly<Record<string, unknown>> | undefined): string | undefined {
  const name = document?.['name'];
  return typeof name === 'string' && name !== '' ? limitText(name, 'name') : undefined;
}

/** Undefined if the server does not respond: the next task asks again. */
function absentIfRefused(error: unknown): string | undefined {
  if (error instanceof ServerRefusedError) return ABSENT;
  if (error instanceof ServerUnreachableError) return undefined;
  throw error;
}
