// The people and projects of the tasks of one reading of the queues: each asked for once, because most tasks share them.
import type { People } from '../../clearml/client.ts';

/** To be dropped with the reading: a project that is renamed later is then read anew. A failure is not remembered. */
export function cachePeople(people: People): People {
  return { user: remember((id) => people.user(id)), project: remember((id) => people.project(id)) };
}

type Read = People['user'];

function remember(read: Read): Read {
  const known = new Map<string, ReturnType<Read>>();
  return (id) => {
    const asked = known.get(id) ?? read(id);
    known.set(id, asked);
    asked.catch(() => known.delete(id));
    return asked;
  };
}
