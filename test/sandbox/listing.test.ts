// Lists of the sandbox: filters, pages, fields and order.
import { expect } from 'chai';
import { ApiError } from '../../src/sandbox/api-error.ts';
import { listDocuments } from '../../src/sandbox/listing.ts';
import { TASK_CONDITIONS } from '../../src/sandbox/tasks-read.ts';

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
  ['nothing asked finds all', {}, 'abc'],
  ['a text is one of a list', { id: 'b' }, 'b'],
  ['a list means any of', { id: ['a', 'c', 'gone'] }, 'ac'],
  ['several conditions must all hold', { status: ['queued', 'in_progress'], 'execution.queue': ['q2'] }, 'b'],
  ['a leading minus excludes', { status: ['-stopped'] }, 'ab'],
  ['$not excludes', { status: ['__$not', 'queued'] }, 'bc'],
  ['$all wants all', { tags: ['__$all', 'gpu', 'big'] }, 'a'],
  ['any of the tags', { tags: ['gpu', 'big'] }, 'ab'],
  ['null accepts what is empty', { tags: [null] }, 'c'],
  ['null or a value', { 'execution.queue': ['q1', null] }, 'ac'],
  ['a name is a pattern', { name: 'net' }, 'ab'],
  ['a name escaped by Python', { name: '^train\\-net\\ \\(1\\)$' }, 'a'],
  ['a pattern minds the case', { name: 'other' }, ''],
  ['unless it says otherwise', { name: '(?i)other' }, 'c'],
  ['a range', { last_iteration: [5, null] }, 'ab'],
  ['a closed range', { last_iteration: [null, 5] }, 'ac'],
  ['before a moment', { status_changed: '<2025-01-02T10:00:00.5' }, 'a'],
  ['from a moment on', { status_changed: ['>=2025-01-02T10:00:00.5'] }, 'bc'],
  ['between two moments', { status_changed: ['>2025-01-01T10:00:00', '<2025-01-03T10:00:00'] }, 'b'],
  ['two plain moments are a range', { status_changed: ['2025-01-01T00:00:00', '2025-01-02T00:00:00'] }, 'a'],
  ['runtime is compared as it is', { 'runtime.slurm_job_id': '17' }, 'a'],
  ['a dot inside a name is escaped', { 'hyperparams.Args.l%2Er.value': ['0.1'] }, 'a'],
  ['any of several fields', { _any_: { fields: ['name', 'id'], pattern: '^(c|eval)' } }, 'bc'],
  ['all of several fields', { _all_: { fields: ['name', 'id'], pattern: 'a' } }, 'a'],
  ['a free text', { search_text: 'OTHER' }, 'c'],
  ['an unknown field is no condition', { color: 'red' }, 'abc'],
  ['order', { order_by: ['-last_iteration'] }, 'bac'],
  ['order by what some lack', { order_by: ['execution.queue'] }, 'cab'],
  ['the second page', { order_by: ['id'], page: 1, page_size: 2 }, 'c'],
];

describe('a listing', () => {
  for (const [title, body, found] of CASES) {
    it(`${title}: ${JSON.stringify(body)} finds ${found === '' ? 'none' : found}`, () => {
      expect(ids(body)).to.equal(found);
    });
  }

  it('answers with the fields that were asked for and no others', () => {
    const body = { id: ['a'], only_fields: ['status', 'execution.queue', 'started', 'hyperparams.Args.l%2Er.value'] };
    expect(listDocuments(TASKS, body, { conditions: TASK_CONDITIONS }).documents).to.deep.equal([
      { status: 'queued', execution: { queue: 'q1' }, hyperparams: { Args: { 'l.r': { value: '0.1' } } } },
    ]);
  });

  it('reaches into each item of a list', () => {
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

  it('never has more than 500 in a page', () => {
    const many = Array.from({ length: 501 }, (_, at) => ({ id: `task ${at}` }));
    const list = (body: Record<string, unknown>): number =>
      listDocuments(many, body, { conditions: TASK_CONDITIONS }).documents.length;
    expect(list({})).to.equal(500);
    expect(list({ page: 0, page_size: 1000 })).to.equal(500);
    expect(list({ page: 1, page_size: 500 })).to.equal(1);
  });

  it('scrolls to its end', () => {
    const first = listDocuments(TASKS, { size: 2 }, { conditions: TASK_CONDITIONS });
    const second = listDocuments(TASKS, { size: 2, ...first.scroll }, { conditions: TASK_CONDITIONS });
    const third = listDocuments(TASKS, { size: 2, ...second.scroll }, { conditions: TASK_CONDITIONS });
    expect([first, second, third].map(({ documents }) => documents.length)).to.deep.equal([2, 1, 0]);
  });

  it('refuses a pattern that is none', () => {
    expect(() => ids({ name: '(' }))
      .to.throw(ApiError)
      .with.property('subcode', 21);
  });

  it('refuses an operator that it does not know', () => {
    expect(() => ids({ tags: ['__$maybe', 'x'] }))
      .to.throw(ApiError)
      .with.property('subcode', 16);
  });
});
