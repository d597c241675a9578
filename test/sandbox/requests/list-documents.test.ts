// Lists of the sandbox: filters, pages, fields and order.
import { expect } from 'chai';
import { ApiError } from '../../../src/sandbox/requests/api-error.ts';
import { listDocuments } from '../../../src/sandbox/requests/list-documents.ts';
import { TASK_CONDITIONS } from '../../../src/sandbox/services/tasks-read.ts';

const TASKS = [
  {
    id: 'a',
    name: 'train-net (1)',
    status: 'queued',
    tags: ['gpu', 'big'],
    execution: { queue: 'q1' },
    runtime: { slurm_job_id: '17' },
    last_iteration: 5,
    status_changed: '2025-01-01T10:00:00+00:00',
    hyperparams: { Args: { 'l.r': { value: '0.1' } } },
  },
  {
    id: 'b',
    name: 'eval net',
    status: 'in_progress',
    tags: ['gpu'],
    execution: { queue: 'q2' },
    runtime: {},
    last_iteration: 50,
    status_changed: '2025-01-02T10:00:00.500000+00:00',
  },
  {
    id: 'c',
    name: 'Other',
    status: 'stopped',
    tags: [],
    execution: {},
    runtime: {},
    last_iteration: 0,
    status_changed: '2025-01-03T10:00:00+00:00',
  },
];

function ids(body: Record<string, unknown>): string {
  return listDocuments(TASKS, body, { conditions: TASK_CONDITIONS })
    .documents.map((document) => String(document['id']))
    .join('');
}

const CASES: readonly (readonly [title: string, body: Record<string, unknown>, found: string])[] = [
  ['no condition', {}, 'abc'],
  ['a single value', { id: 'b' }, 'b'],
  ['several values', { id: ['a', 'c', 'gone'] }, 'ac'],
  ['two conditions at once', { status: ['queued', 'in_progress'], 'execution.queue': ['q2'] }, 'b'],
  ['a leading minus before a value', { status: ['-stopped'] }, 'ab'],
  ['$not before a value', { status: ['__$not', 'queued'] }, 'bc'],
  ['$all before two values', { tags: ['__$all', 'gpu', 'big'] }, 'a'],
  ['several tags', { tags: ['gpu', 'big'] }, 'ab'],
  ['null in place of a list', { tags: [null] }, 'c'],
  ['a value or null', { 'execution.queue': ['q1', null] }, 'ac'],
  ['a pattern in a name', { name: 'net' }, 'ab'],
  ['a pattern that Python escaped', { name: '^train\\-net\\ \\(1\\)$' }, 'a'],
  ['a case-sensitive pattern', { name: 'other' }, ''],
  ['a case-insensitive pattern', { name: '(?i)other' }, 'c'],
  ['a lower bound', { last_iteration: [5, null] }, 'ab'],
  ['an upper bound', { last_iteration: [null, 5] }, 'ac'],
  ['an upper bound of a time', { status_changed: '<2025-01-02T10:00:00.5' }, 'a'],
  ['a lower bound of a time', { status_changed: ['>=2025-01-02T10:00:00.5'] }, 'bc'],
  ['two conditions on one time', { status_changed: ['>2025-01-01T10:00:00', '<2025-01-03T10:00:00'] }, 'b'],
  ['a range of times without operators', { status_changed: ['2025-01-01T00:00:00', '2025-01-02T00:00:00'] }, 'a'],
  ['a value in the field runtime', { 'runtime.slurm_job_id': '17' }, 'a'],
  ['an escaped dot in the name of a parameter', { 'hyperparams.Args.l%2Er.value': ['0.1'] }, 'a'],
  ['a pattern in any of several fields', { _any_: { fields: ['name', 'id'], pattern: '^(c|eval)' } }, 'bc'],
  ['a pattern in all of several fields', { _all_: { fields: ['name', 'id'], pattern: 'a' } }, 'a'],
  ['free text', { search_text: 'OTHER' }, 'c'],
  ['an unknown field', { color: 'red' }, 'abc'],
  ['a descending order', { order_by: ['-last_iteration'] }, 'bac'],
  ['an order by a field that document "c" lacks', { order_by: ['execution.queue'] }, 'cab'],
  ['the number of the second page', { order_by: ['id'], page: 1, page_size: 2 }, 'c'],
];

function describeFound(found: string, isOrdered: boolean): string {
  if (found === '') return 'no document';
  if (found === 'abc') return 'all documents';
  const quoted = found.split('').map((id) => `"${id}"`);
  if (isOrdered && found.length > 1) return `the documents in the order ${quoted.join(', ')}`;
  return `only document${found.length > 1 ? 's' : ''} ${quoted.join(' and ')}`;
}

describe('a query of the sandbox server', () => {
  for (const [title, body, found] of CASES) {
    it(`with ${title}, ${JSON.stringify(body)}, returns ${describeFound(found, 'order_by' in body)}`, () => {
      expect(ids(body)).to.equal(found);
    });
  }

  it('returns only the requested fields of each document', () => {
    const body = { id: ['a'], only_fields: ['status', 'execution.queue', 'started', 'hyperparams.Args.l%2Er.value'] };
    expect(listDocuments(TASKS, body, { conditions: TASK_CONDITIONS }).documents).to.deep.equal([
      { status: 'queued', execution: { queue: 'q1' }, hyperparams: { Args: { 'l.r': { value: '0.1' } } } },
    ]);
  });

  it('returns only the requested field of each queue entry', () => {
    const queue = {
      id: 'q',
      entries: [
        { task: 'a', added: 'x' },
        { task: 'b', added: 'y' },
      ],
    };
    const { documents } = listDocuments([queue], { only_fields: ['entries.task'] }, { conditions: TASK_CONDITIONS });
    expect(documents).to.deep.equal([{ entries: [{ task: 'a' }, { task: 'b' }] }]);
  });

  it('returns at most 500 documents per page', () => {
    const many = Array.from({ length: 501 }, (_, at) => ({ id: `task ${at}` }));
    const list = (body: Record<string, unknown>): number =>
      listDocuments(many, body, { conditions: TASK_CONDITIONS }).documents.length;
    expect(list({})).to.equal(500);
    expect(list({ page: 0, page_size: 1000 })).to.equal(500);
    expect(list({ page: 1, page_size: 500 })).to.equal(1);
  });

  it('returns all documents, page by page, to a client that sends the scroll id', () => {
    const first = listDocuments(TASKS, { size: 2 }, { conditions: TASK_CONDITIONS });
    const second = listDocuments(TASKS, { size: 2, ...first.scroll }, { conditions: TASK_CONDITIONS });
    const third = listDocuments(TASKS, { size: 2, ...second.scroll }, { conditions: TASK_CONDITIONS });
    expect([first, second, third].map(({ documents }) => documents.length)).to.deep.equal([2, 1, 0]);
  });

  it('rejects an invalid pattern', () => {
    expect(() => ids({ name: '(' }))
      .to.throw(ApiError)
      .with.property('subcode', 21);
  });

  it('rejects an unknown search operator', () => {
    expect(() => ids({ tags: ['__$maybe', 'x'] }))
      .to.throw(ApiError)
      .with.property('subcode', 16);
  });
});
