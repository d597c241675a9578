// Which users the client reads of a server that returns them in pages.
import { expect } from 'chai';
import type * as z from 'zod';
import { limitsOf } from '../../src/clearml/connection/response-limits.ts';
import type { Session } from '../../src/clearml/connection/session.ts';
import { ResponseTooLargeError } from '../../src/clearml/errors.ts';
import { createPeople } from '../../src/clearml/read-users-and-projects.ts';
import { listDocuments } from '../../src/sandbox/requests/list-documents.ts';
import type { Fields } from '../../src/sandbox/requests/endpoint.ts';

const LIMIT = limitsOf('users.get_all').bytes;
const NO_CONDITIONS = { list: [], pattern: [], range: [], datetime: [], equal: [] };

/** A server with these users, of which it returns at most 500 at once: apiserver/database/model/base.py (validate_paging). */
function sessionWith(users: () => readonly Fields[]): Session {
  return {
    apiServer: 'http://api',
    login: () => Promise.reject(new Error('the test needs no login')),
    call<Shape extends z.ZodType>(_endpoint: string, body: object, { shape }: { readonly shape: Shape }) {
      const { documents } = listDocuments(users(), body as Fields, { conditions: NO_CONDITIONS });
      return JSON.stringify(documents).length > LIMIT
        ? Promise.reject(new ResponseTooLargeError('the response is too large', true))
        : Promise.resolve(shape.parse({ users: documents }));
    },
  };
}

function userOf(number: number): { readonly id: string; readonly name: string } {
  return { id: number.toString(16).padStart(32, '0'), name: `user ${number}` };
}

describe('the ClearML client (server with 1,201 users)', () => {
  const users = Array.from({ length: 1_201 }, (_, number) => userOf(number));

  it('reads all users in pages', async () => {
    expect(await createPeople(sessionWith(() => users)).all()).to.deep.equal(users);
  });

  it('reads each user only once if an admin adds a user between two pages', async () => {
    let calls = 0;
    const session = sessionWith(() => {
      calls += 1;
      return calls === 1 ? users.slice(1) : users;
    });

    const read = await createPeople(session).all();

    expect(new Set(read.map(({ id }) => id)).size).to.equal(read.length);
    expect(read).to.deep.include(userOf(1_200));
  });

  it('reads all remaining users if an admin deletes a user between two pages', async () => {
    let calls = 0;
    const session = sessionWith(() => {
      calls += 1;
      return calls === 1 ? users : users.slice(1);
    });

    const read = new Set((await createPeople(session).all()).map(({ id }) => id));

    expect(users.slice(1).filter(({ id }) => !read.has(id))).to.deep.equal([]);
  });

  it("reads all other users if one user's name exceeds the response limit", async () => {
    const [hostile, ...others] = users;
    const session = sessionWith(() => [{ ...hostile, name: 'x'.repeat(LIMIT) }, ...others]);

    expect(await createPeople(session).all()).to.deep.equal(others);
  });
});
