// What the sandbox accepts as a request: any method, any version, nulls, JSON lines and query parameters.
import { expect } from 'chai';
import { ApiError } from '../../../src/sandbox/requests/api-error.ts';
import { parseObjects, parsePath } from '../../../src/sandbox/requests/request-text.ts';

const text = (body: string, more: { contentType?: string; query?: string } = {}): unknown =>
  parseObjects({ body, contentType: more.contentType, query: new URLSearchParams(more.query) });

describe('parsePath (the path of a request to the sandbox)', () => {
  const PATHS: readonly (readonly [string, string, string | undefined])[] = [
    ['/tasks.get_all', 'tasks.get_all', undefined],
    ['/v2.31/tasks.get_all', 'tasks.get_all', '2.31'],
    ['/v2.5/tasks.get_all/', 'tasks.get_all', '2.5'],
    ['/v2/tasks.get_all', 'tasks.get_all', '2'],
  ];
  for (const [path, endpoint, version] of PATHS) {
    it(`reads "${path}" as ${endpoint} of ${version === undefined ? 'the newest version' : `version ${version}`}`, () => {
      expect(parsePath(path)).to.deep.equal({ endpoint, version });
    });
  }
  for (const path of ['/', '/tasks', '/v2.31', '/a/b/tasks.get_all', '/tasks.get-all']) {
    it(`refuses the path "${path}"`, () => {
      expect(() => parsePath(path))
        .to.throw(ApiError)
        .with.property('code', 400);
    });
  }
});

describe('parseObjects (the objects in a request body)', () => {
  it('reads an empty body as one empty object', () => {
    expect(text('')).to.deep.equal([{}]);
  });

  it('drops null fields at the top level but keeps null inside values', () => {
    expect(text('{"a":null,"b":{"c":null},"d":[null]}')).to.deep.equal([{ b: { c: null }, d: [null] }]);
  });

  it('reads one object per line from application/json-lines', () => {
    expect(text('{"a":1}\n{"a":2}\n', { contentType: 'application/json-lines' })).to.deep.equal([{ a: 1 }, { a: 2 }]);
  });

  it('refuses JSON lines if the content type has a charset', () => {
    expect(() => text('{"a":1}\n{"a":2}', { contentType: 'application/json-lines; charset=utf-8' })).to.throw(ApiError);
  });

  for (const body of ['{', '[1]', '"text"', '17']) {
    it(`refuses a request whose body is '${body}'`, () => {
      expect(() => text(body))
        .to.throw(ApiError)
        .with.property('code', 400);
    });
  }

  it('prefers a field in the query string to the same field in the body', () => {
    expect(text('{"a":1,"b":2}', { query: 'b=3&c=true&d=x&d=y&e[]=z' })).to.deep.equal([
      { a: 1, b: 3, c: true, d: ['x', 'y'], e: ['z'] },
    ]);
  });
});
