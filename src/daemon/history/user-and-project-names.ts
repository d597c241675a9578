// Names of users and projects for the history and the audit log, read once each, as every call costs the server time.
import { limitText } from '../../base/limit-text.ts';
import { createBoundedMap, type BoundedMap } from '../../base/bounded-map.ts';
import type { People } from '../../clearml/client.ts';
import { ServerRefusedError, ServerUnreachableError } from '../../clearml/errors.ts';

/** Each name is undefined if the server does not report it now: no task waits for a name. */
export interface Names {
  user(id: string): Promise<string | undefined>;
  project(id: string): Promise<string | undefined>;
}

const MOST_REMEMBERED = 10_000;

export function createNames(people: Pick<People, 'user' | 'project'>): Names {
  const users = createBoundedMap<string>(MOST_REMEMBERED);
  const projects = createBoundedMap<string>(MOST_REMEMBERED);
  return {
    user: (id) => remembered(users, id, () => people.user(id)),
    project: (id) => remembered(projects, id, () => people.project(id)),
  };
}

async function remembered(
  names: BoundedMap<string>,
  id: string,
  read: () => ReturnType<People['user']>,
): Promise<string | undefined> {
  const known = names.get(id);
  if (known !== undefined) return known;
  try {
    const name = readName(await read());
    if (name !== undefined) names.set(id, name);
    return name;
  } catch (error) {
    if (error instanceof ServerUnreachableError || error instanceof ServerRefusedError) return undefined;
    throw error;
  }
}

/** Truncated: the journal, the history and the audit log repeat it. */
export function readName(document: Readonly<Record<string, unknown>> | undefined): string | undefined {
  const name = document?.['name'];
  return typeof name === 'string' && name !== '' ? limitText(name, 'name') : undefined;
}
