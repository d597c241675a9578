// What the task calls send, and how they treat malformed responses.
import { expect } from 'chai';
import { InvalidResponseError, LostRaceError, ServerUnreachableError } from '../../src/clearml/errors.ts';
import { rejection } from '../support/rejection.ts';
import { createScriptedServerFixture } from './scripted-server-fixture.ts';
import { queueId, taskId, type LoggedLine } from './client-under-test.ts';
import { data, hangUp, huge, page } from './scripted-server.ts';

const TASK = taskId('a'.repeat(32));
const OTHER = taskId('c'.repeat(32));
const QUEUE = queueId('b'.repeat(32));

describe('the task calls of the ClearML client', () => {
  const fixture = createScriptedServerFixture();

  it('read a task even if its name, tags or parameters are invalid', async () => {
    const odd = { id: TASK, name: null, status: 'queued', system_tags: 'x', runtime: 7, hyperparams: [] };
    fixture.server.script(
      'tasks.get_all',
      data({ tasks: [odd, { id: OTHER, status: 'queued', system_tags: ['archived'] }] }),
    );

    const { tasks } = await fixture.client().tasks.read([TASK, OTHER]);

    expect(tasks.get(TASK)).to.deep.equal({
      id: TASK,
      name: '',
      status: 'queued',
      statusReason: '',
      statusMessage: '',
      statusChanged: undefined,
      lastUpdate: undefined,
      lastWorker: undefined,
      user: undefined,
      executionQueue: undefined,
      archived: false,
      slurmJob: undefined,
      slurmCluster: undefined,
      slurmCancelled: undefined,
      started: undefined,
      abortCallbackMs: undefined,
    });
    expect(tasks.get(OTHER)).to.include({ status: 'queued', archived: true });
  });

  it('return the complete data of several tasks, except tasks that are unreadable or appear twice', async () => {
    const third = taskId('d'.repeat(32));
    const good = { id: TASK, status: 'queued', script: { diff: 'x' } };
    const rows = [good, 'x', { id: OTHER, status: 'brand_new' }, { ...good, id: third }, { ...good, id: third }];
    fixture.server.script('tasks.get_all', data({ tasks: rows }));

    const found = await fixture.client().tasks.getMany([TASK, OTHER, third]);

    expect([...found.keys()]).to.deep.equal([TASK]);
    expect(found.get(TASK)).to.deep.include({ document: good });
    expect(found.get(TASK)?.task.status).to.equal('queued');
    expect(fixture.sent('tasks.get_all')).to.deep.equal([{ id: [TASK, OTHER, third], search_hidden: true }]);
  });

  it('replace half of a surrogate pair in a truncated message with U+FFFD', async () => {
    fixture.server.script('tasks.failed', data({}));
    const half = '🚀'.slice(0, 1);

    await fixture.client().tasks.fail(TASK, { reason: 'r', message: `a \\ud83d "🚀" ${half}` }, { force: true });

    expect(fixture.sent('tasks.failed')).to.deep.equal([
      { task: TASK, status_reason: 'r', status_message: 'a \\ud83d "🚀" \ufffd', force: true },
    ]);
  });

  it('do not retry a request for the complete data of several tasks', async () => {
    fixture.server.script('tasks.get_all', page(503, ''));

    await rejection(fixture.client().tasks.getMany([TASK, OTHER]));

    expect(fixture.server.callsOf('tasks.get_all')).to.have.length(1);
  });

  it('ignore the user property slurm_job_id unless it is a plain number', async () => {
    for (const value of ['7', '007', '-1', '--clusters=x', '7; id', '7_1', '', 7, null, 'x'.repeat(99)]) {
      const hyperparams = { properties: { slurm_job_id: { value } } };
      fixture.server.script('tasks.get_by_id', data({ task: { id: TASK, status: 'queued', hyperparams } }));
      expect((await fixture.client().tasks.get(TASK))?.task.slurmJob).to.equal(value === '7' ? '7' : undefined);
    }
  });

  describe('report as unreadable, not as deleted:', () => {
    const good = { id: OTHER, status: 'queued' };
    const rows: readonly [title: string, row: unknown, why: RegExp][] = [
      ['a task without a status', { id: TASK }, /^its status is missing$/],
      ['a task with an unknown status', { id: TASK, status: 'brand_new' }, /^its status is "brand_new"$/],
      [
        'a task whose execution.queue is 5',
        { ...good, id: TASK, execution: { queue: 5 } },
        /^its execution.queue is 5$/,
      ],
      ['a task whose execution is a list', { ...good, id: TASK, execution: [] }, /^its execution is a list$/],
      [
        'a task whose status_message is an object',
        { ...good, id: TASK, status_message: {} },
        /^its status_message is an object$/,
      ],
      [
        'a task whose status_changed is "soon"',
        { ...good, id: TASK, status_changed: 'soon' },
        /^its status_changed is "soon"/,
      ],
      ['a task whose last_update is 7', { ...good, id: TASK, last_update: 7 }, /^its last_update is 7$/],
      ['a task whose id is a path', { ...good, id: `/../../${TASK}` }, /^its id is "\/\.\.\/\.\.\//],
      ['a task without an id', { status: 'queued' }, /^its id is missing$/],
      ['a task that is not an object', 'x', /^its id is missing$/],
      ['a task that appears twice', good, /appears twice/],
    ];
    for (const [title, row, why] of rows) {
      it(`${title} (C-34)`, async () => {
        const logged: LoggedLine[] = [];
        fixture.server.script('tasks.get_all', data({ tasks: [row, good] }));
        const client = fixture.client({ logged });

        const { tasks, unread } = await client.tasks.read([TASK, OTHER]);
        await client.tasks.read([TASK, OTHER]);

        const isTwice = row === good;
        expect([...tasks.keys()]).to.deep.equal(isTwice ? [] : [OTHER]);
        expect([...unread]).to.have.members(isTwice ? [TASK, OTHER] : [TASK]);
        const warnings = logged.filter(({ level }) => level === 'warn');
        expect(warnings).to.have.length(1);
        expect(warnings[0]?.data).to.include({ endpoint: 'tasks.get_all' });
        expect(warnings[0]?.data?.['why']).to.match(why);
      });
    }
  });

  it('truncate a name of 2 MB to 200 characters', async () => {
    const long = 'x'.repeat(2_000_000);
    const task = {
      id: TASK,
      status: 'queued',
      name: long,
      status_message: long,
      status_reason: long,
      last_worker: long,
    };
    fixture.server.script('tasks.get_all', data({ tasks: [task] }));

    const read = [
      (await fixture.client().tasks.read([TASK])).tasks.get(TASK),
      ...(await fixture.client().tasks.find({ statuses: ['queued'], queues: [QUEUE] })),
    ];

    expect(read.map((one) => one?.name)).to.deep.equal(Array.from({ length: 2 }, () => `${'x'.repeat(199)}…`));
    for (const one of read) expect(JSON.stringify(one).length).to.be.below(20_000);
  });

  it('return each task only once if a new task shifts the pages of the list', async () => {
    const [first, second] = [TASK, OTHER].map((id) => data({ tasks: [{ id, status: 'queued' }] }));
    const shifted = [first, first, second].flatMap((one) => one ?? []);
    fixture.server.script('tasks.get_all', huge(), huge(), ...shifted, data({ tasks: [] }));

    const found = await fixture.client().tasks.find({ statuses: ['queued'], queues: [QUEUE] });

    expect(found.map(({ id }) => id)).to.deep.equal([TASK, OTHER]);
  });

  it('read all other tasks if one task exceeds the response limit (C-36)', async () => {
    const ids = Array.from({ length: 30 }, (_, n) => taskId(n.toString(16).padStart(32, '0')));
    const [large = TASK, ...others] = ids;
    fixture.server.script('tasks.get_all', (response, request) => {
      const asked = (JSON.parse(fixture.server.calls.at(-1)?.body ?? '') as { id: string[] }).id;
      const answer = asked.includes(large) ? huge() : data({ tasks: asked.map((id) => ({ id, status: 'queued' })) });
      answer(response, request);
    });

    const { tasks, unread } = await fixture.client().tasks.read(ids);

    expect([...tasks.keys()]).to.deep.equal(others);
    expect([...unread]).to.deep.equal([large]);
  });

  it('report a task above the response limit as unreadable, not as deleted', async () => {
    const ids = Array.from({ length: 30 }, (_, n) => taskId(n.toString(16).padStart(32, '0')));
    const [large = TASK, deleted = TASK, ...others] = ids;
    fixture.server.script('tasks.get_all', (response, request) => {
      const asked = (JSON.parse(fixture.server.calls.at(-1)?.body ?? '') as { id: string[] }).id;
      const present = asked.filter((id) => id !== deleted);
      const answer = asked.includes(large) ? huge() : data({ tasks: present.map((id) => ({ id, status: 'queued' })) });
      answer(response, request);
    });
    const logged: LoggedLine[] = [];
    const client = fixture.client({ logged });

    const read = await client.tasks.read(ids);
    const changed = await client.tasks.readChanged(ids, 0);

    expect([...read.unread]).to.deep.equal([large]);
    expect([...changed.unread]).to.deep.equal([large]);
    expect(changed.isWhole).to.equal(true);
    expect([...changed.tasks.keys()]).to.have.members(others);
    expect(logged.filter(({ level }) => level === 'warn').map((line) => line.data)).to.deep.equal([
      { endpoint: 'tasks.get_all', place: `task ${large}`, why: 'it is too large' },
    ]);
  });

  it('reject a response with a task that was not requested', async () => {
    fixture.server.script('tasks.get_by_id', data({ task: { id: OTHER, status: 'queued' } }));

    const error = await rejection(fixture.client().tasks.get(TASK));

    expect(error).to.be.instanceOf(InvalidResponseError);
    expect(error.message).to.include('the response is about another task');
    expect(fixture.server.callsOf('tasks.get_by_id')).to.have.length(1);
  });

  it('fail if the server returns the same full page twice', async () => {
    const tasks = Array.from({ length: 500 }, (_, n) => ({ id: n.toString(16).padStart(32, '0'), status: 'queued' }));
    fixture.server.script('tasks.get_all', data({ tasks }));

    const error = await rejection(fixture.client().tasks.find({ statuses: ['queued'], queues: [QUEUE] }));

    expect(error).to.be.instanceOf(InvalidResponseError);
    expect(fixture.server.callsOf('tasks.get_all')).to.have.length(2);
  });

  it('split a search that excludes 20,000 tasks into 16 requests, one for each first digit of an id', async () => {
    fixture.server.script('tasks.get_all', data({ tasks: [] }));
    const except = Array.from({ length: 20_000 }, (_, n) =>
      taskId(`${(n % 16).toString(16)}${n.toString(16).padStart(31, '0')}`),
    );

    await fixture.client().tasks.find({ statuses: ['queued'], queues: [QUEUE], except });

    const sent = fixture.sent('tasks.get_all') as { id: string[]; _any_: { pattern: string } }[];
    expect(sent.map(({ _any_: { pattern } }) => pattern).join('')).to.equal('^0^1^2^3^4^5^6^7^8^9^a^b^c^d^e^f');
    for (const { id, _any_ } of sent) {
      expect(id).to.have.length(1_250);
      for (const one of id) expect(one).to.match(new RegExp(_any_.pattern.replace('^', '^-')));
    }
  });

  it('read more than 500 tasks in several calls', async () => {
    fixture.server.script('tasks.get_all', data({ tasks: [] }));

    await fixture.client().tasks.read(Array.from({ length: 1001 }, (_, n) => taskId(n.toString(16).padStart(32, '0'))));

    expect(fixture.sent('tasks.get_all').map((body) => (body as { id: string[] }).id.length)).to.deep.equal([
      500, 500, 1,
    ]);
  });

  it('send no request for an empty list of statuses, queues or task ids', async () => {
    const { tasks } = fixture.client();

    expect(await tasks.find({ statuses: [], queues: [QUEUE] })).to.deep.equal([]);
    expect(await tasks.find({ statuses: ['queued'], queues: [] })).to.deep.equal([]);
    expect((await tasks.read([])).tasks.size).to.equal(0);
    expect(fixture.server.calls).to.have.length(0);
  });

  for (const [how, answer, mayHaveHappened] of [
    ['the response was lost', hangUp(), true],
    ['the server returned 429', page(429, ''), false],
  ] as const) {
    it(`send a new status or status message only once, even if ${how}`, async () => {
      for (const endpoint of ['tasks.failed', 'tasks.update']) fixture.server.script(endpoint, answer);
      const { tasks } = fixture.client();

      for (const changing of [
        tasks.fail(TASK, { reason: 'r', message: 'm' }, { force: true }),
        tasks.setStatusMessage(TASK, 'm'),
      ]) {
        const error = await rejection(changing);
        expect(error).to.be.instanceOf(ServerUnreachableError).and.have.property('mayHaveHappened', mayHaveHappened);
      }

      expect(fixture.sent('tasks.failed')).to.deep.equal([
        { task: TASK, status_reason: 'r', status_message: 'm', force: true },
      ]);
      expect(fixture.sent('tasks.update')).to.deep.equal([{ task: TASK, status_message: 'm' }]);
    });
  }

  it('report a lost race if tasks.dequeue updates no task (C-07)', async () => {
    fixture.server.script('tasks.dequeue', data({ dequeued: 1, updated: 0 }));

    const error = await rejection(fixture.client().tasks.unstart(TASK, 'in_progress', { reason: 'r', message: 'm' }));

    expect(error).to.be.instanceOf(LostRaceError);
  });

  it('send no request for an empty set of user properties', async () => {
    await fixture.client().tasks.setProperties(TASK, {});

    expect(fixture.server.calls).to.have.length(0);
  });
});
