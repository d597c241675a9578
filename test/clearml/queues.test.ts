// What the queue calls send, and what they make of answers that a well-behaved server doesn't give.
import { expect } from 'chai';
import { InvalidResponseError, ServerRefusedError, ServerUnreachableError } from '../../src/clearml/errors.ts';
import { rejection } from '../support/rejection.ts';
import { createScriptedServerFixture } from './scripted-server-fixture.ts';
import { queueId, taskId, type LoggedLine } from './client-under-test.ts';
import { data, hangUp, huge, page, refuse } from './scripted-server.ts';

const TASK = taskId('a'.repeat(32));
const QUEUE = queueId('b'.repeat(32));
const OTHER = queueId('c'.repeat(32));
const DONE = data({ added: 1, position: 0 });

const TOO_LARGE = 'too large';

function idOf(number: number): string {
  return number.toString(16).padStart(32, '0');
}

/** This many queues, without entries. */
function queuesOf(
  count: number,
): { readonly id: string; readonly name: string; readonly entries: readonly unknown[] }[] {
  return Array.from({ length: count }, (_, n) => ({ id: idOf(n), name: `n${n}`, entries: [] }));
}

describe('the queue calls of the ClearML client', () => {
  const fixture = createScriptedServerFixture();

  it('find a queue whose name contains characters of regular expressions', async () => {
    const name = 'gpu.a+b (x) [1] ^$|\\{2} #~&-_é';
    fixture.server.script(
      'queues.get_all',
      data({
        queues: [
          { id: OTHER, name: 'other', entries: [] },
          { id: QUEUE, name, entries: [] },
        ],
      }),
    );

    expect((await fixture.client().queues.find(name))?.id).to.equal(QUEUE);

    const [body] = fixture.sent('queues.get_all');
    const pattern = (body as { name: string }).name;
    expect(body).to.include({ search_hidden: true });
    expect(pattern).to.equal('^gpu\\.a\\+b\\ \\(x\\)\\ \\[1\\]\\ \\^\\$\\|\\\\\\{2\\}\\ \\#\\~\\&\\-_é$');
    expect(new RegExp(pattern).test(name)).to.equal(true);
  });

  it('find a queue whose name resembles an id', async () => {
    const name = 'abcdef0123456789-abcdef0123456789';
    fixture.server.script('queues.get_all', data({ queues: [] }), data({ queues: [{ id: QUEUE, name, entries: [] }] }));

    expect((await fixture.client().queues.find(name))?.name).to.equal(name);
  });

  it('send no request for an empty list of queues', async () => {
    expect((await fixture.client().queues.read([])).queues).to.deep.equal([]);
    expect(fixture.server.calls).to.have.length(0);
  });

  it('request at most one queue entry to look up a queue by name', async () => {
    fixture.server.script('queues.get_all', data({ queues: [{ id: QUEUE, name: 'gpu', entries: [] }] }));

    await fixture.client().queues.find('gpu');

    expect(fixture.sent('queues.get_all')[0]).to.include({ max_task_entries: 1 });
  });

  it('read a list of more than 500 queues page by page', async () => {
    const queues = queuesOf(500);
    // Unreadable rows do not make a page shorter.
    const first = [{ id: 'odd' }, ...queues.slice(1)];
    const last = { id: OTHER, name: 'last', entries: [] };
    const moved = queues.slice(-1);
    fixture.server.script('queues.get_all', data({ queues: first }), data({ queues: [last] }), data({ queues: moved }));

    const read = await fixture.client().queues.readAll();

    expect(read.queues).to.have.length(500);
    expect(read.isWhole).to.equal(false);
    expect(fixture.sent('queues.get_all').map((body) => (body as { page: number }).page)).to.deep.equal([0, 1, 499]);
  });

  it('read every queue even if a queue is deleted between two pages', async () => {
    const queues = queuesOf(501);
    const [before, after] = [data({ queues: queues.slice(0, 500) }), data({ queues: queues.slice(1) })];
    const [none, last] = [data({ queues: [] }), data({ queues: queues.slice(-1) })];
    fixture.server.script('queues.get_all', before, none, last, after, none, last);

    const read = await fixture.client().queues.readAll();

    expect(read.isWhole).to.equal(true);
    expect(read.queues.map(({ id }) => id)).to.include(idOf(500));
  });

  it('fail if the list of queues changes during every read', async () => {
    const full = data({ queues: queuesOf(500) });
    const none = data({ queues: [] });
    const changing = Array.from({ length: 21 }, () => [none, none, full]).flat();
    fixture.server.script('queues.get_all', full, ...changing);

    const error = await rejection(fixture.client().queues.readAll());

    expect(error.message).to.contain('returns a list that changes while it is read');
  });

  describe('skip unreadable data (C-34, C-36):', () => {
    const good = { task: TASK, added: '2026-01-02T03:04:05+00:00' };
    const at = Date.UTC(2026, 0, 2, 3, 4, 5);
    const rows: readonly {
      readonly title: string;
      readonly entry: unknown;
      readonly why: string;
      readonly isWhole: boolean;
    }[] = [
      { title: 'an entry without a task', entry: {}, why: 'its task is missing', isWhole: false },
      { title: 'an entry whose task is empty', entry: { task: '' }, why: 'its task is ""', isWhole: true },
      {
        title: 'an entry whose task is a path',
        entry: { task: '/../../x' },
        why: 'its task is "/../../x"',
        isWhole: true,
      },
      {
        title: 'an entry whose task id is in capitals',
        entry: { task: 'A'.repeat(32) },
        why: `its task is "AAAA`,
        isWhole: true,
      },
      {
        title: 'an entry whose task is a text of 99 characters',
        entry: { task: 'y'.repeat(99) },
        why: '… (99 characters)',
        isWhole: true,
      },
      { title: 'an entry whose task is a number', entry: { task: 7 }, why: 'its task is 7', isWhole: false },
      { title: 'an entry that is null', entry: null, why: 'its task is missing', isWhole: false },
    ];
    for (const { title, entry, why, isWhole } of rows) {
      it(title, async () => {
        const logged: LoggedLine[] = [];
        fixture.server.script('queues.get_all', data({ queues: [{ id: QUEUE, name: 'gpu', entries: [entry, good] }] }));
        const client = fixture.client({ logged });

        const read = await client.queues.readAll();
        await client.queues.readAll();

        const entries = [{ task: TASK, added: at, isBehind: true }];
        expect(read).to.deep.equal({ queues: [{ id: QUEUE, name: 'gpu', entries, isWhole }], isWhole });
        const warnings = logged.filter(({ level }) => level === 'warn');
        expect(warnings).to.have.length(1);
        expect(warnings[0]?.data).to.include({
          endpoint: 'queues.get_all',
          place: `entry 0 of queue "gpu" (${QUEUE})`,
        });
        expect(warnings[0]?.data?.['why']).to.include(why);
      });
    }

    it('a second entry of the same task, and an invalid time of an entry', async () => {
      const timeless = { task: 'd'.repeat(32), added: 5 };
      const queue = { id: QUEUE, name: 'gpu', entries: [good, good, timeless] };
      fixture.server.script('queues.get_all', data({ queues: [queue] }));

      const { queues, isWhole } = await fixture.client().queues.readAll();

      expect(isWhole).to.equal(true);
      expect(queues[0]?.entries).to.deep.equal([
        { task: TASK, added: at },
        { task: 'd'.repeat(32), added: undefined, isBehind: true },
      ]);
    });

    for (const [title, queue] of [
      ['a queue without an id', { name: 'gpu', entries: [] }],
      ['a queue with an invalid id', { id: 'gpu', name: 'gpu', entries: [] }],
      ['a queue that is a number', 3],
      ['a queue that exceeds the response limit', TOO_LARGE],
    ] as const) {
      it(title, async () => {
        const rest = { id: OTHER, name: 'other', entries: [] };
        fixture.server.script('queues.get_all', (response, request) => {
          const { page, page_size: size } = JSON.parse(fixture.server.calls.at(-1)?.body ?? '') as Record<
            string,
            number
          >;
          const queues = [queue, rest].slice(Number(page) * Number(size), (Number(page) + 1) * Number(size));
          const answer = queues.includes(TOO_LARGE) ? huge() : data({ queues });
          answer(response, request);
        });

        const read = await fixture.client().queues.readAll();

        expect(read).to.deep.equal({ queues: [{ ...rest, isWhole: true }], isWhole: false });
      });
    }

    it('an entry that exceeds the response limit', async () => {
      const large = { task: '\u0001'.repeat(6_000_000), added: good.added };
      const queue = { id: QUEUE, name: 'gpu', entries: [large, good], last_update: good.added };
      const rest = { id: OTHER, name: 'other', entries: [] };
      fixture.server.script('queues.get_all', (response, request) => {
        const {
          page,
          page_size: size,
          only_fields: fields,
        } = JSON.parse(fixture.server.calls.at(-1)?.body ?? '') as {
          readonly page: number;
          readonly page_size: number;
          readonly only_fields: readonly string[];
        };
        const rows = [queue, rest].slice(page * size, (page + 1) * size);
        const queues = fields.includes('entries') ? rows : rows.map(({ id }) => ({ id }));
        data({ queues })(response, request);
      });
      fixture.server.script('queues.get_by_id', data({ queue }));

      const { queues, isWhole } = await fixture.client().queues.readAll();

      expect(isWhole).to.equal(true);
      expect(queues.map(({ entries }) => entries)).to.deep.equal([
        [{ task: TASK, added: Date.parse(good.added), isBehind: true }],
        [],
      ]);
      expect(fixture.sent('queues.get_by_id')).to.deep.equal([{ queue: QUEUE }]);
    });

    for (const entries of [undefined, null, {}, 'none']) {
      it(`a list of entries that is ${JSON.stringify(entries)}`, async () => {
        fixture.server.script('queues.get_all', data({ queues: [{ id: QUEUE, name: 'gpu', entries }] }));

        const { queues, isWhole } = await fixture.client().queues.readAll();

        expect(isWhole).to.equal(false);
        expect(queues).to.deep.equal([{ id: QUEUE, name: 'gpu', entries: [], isWhole: false }]);
      });
    }
  });

  it('fail without a retry if the response is not a list', async () => {
    fixture.server.script('queues.get_all', data({ queues: 'many' }));

    expect(await rejection(fixture.client().queues.readAll())).to.be.instanceOf(InvalidResponseError);
    expect(fixture.server.callsOf('queues.get_all')).to.have.length(1);
  });

  it('report an unreadable response as an error, not as a missing queue', async () => {
    fixture.server.script('queues.get_all', data({ queues: [{ name: 'gpu' }] }));

    expect(await rejection(fixture.client().queues.find('gpu'))).to.be.instanceOf(InvalidResponseError);
  });

  it('return false for a pop if the response contains no entry', async () => {
    fixture.server.script('queues.get_next_task', data({}), data({ entry: null }), data({ entry: { task: TASK } }));
    const { queues } = fixture.client();

    expect([await queues.pop(QUEUE, TASK), await queues.pop(QUEUE, TASK), await queues.pop(QUEUE, TASK)]).to.deep.equal(
      [false, false, true],
    );
    expect(fixture.sent('queues.get_next_task')[0]).to.deep.equal({ queue: QUEUE, task: TASK });
  });

  it('never repeat a pop whose response was lost (C-03)', async () => {
    fixture.server.script('queues.get_next_task', hangUp());

    expect(await rejection(fixture.client().queues.pop(QUEUE, TASK))).to.be.instanceOf(ServerUnreachableError);
    expect(fixture.server.callsOf('queues.get_next_task')).to.have.length(1);
  });

  it('return true for a removal only if the server confirms the removal', async () => {
    fixture.server.script(
      'queues.remove_task',
      data({ removed: 0 }),
      refuse(400, 703, 'not queued'),
      data({ removed: 2 }),
    );
    const { queues } = fixture.client();

    expect([
      await queues.removeEntry(QUEUE, TASK),
      await queues.removeEntry(QUEUE, TASK),
      await queues.removeEntry(QUEUE, TASK),
    ]).to.deep.equal([false, false, true]);
  });

  it('send queues.add_task only once, even if the response is lost', async () => {
    fixture.server.script('queues.add_task', hangUp());

    const error = await rejection(fixture.client().queues.returnToQueue(QUEUE, TASK));

    expect(error).to.be.instanceOf(ServerUnreachableError).and.have.property('mayHaveHappened', true);
    expect(fixture.server.callsOf('queues.add_task')).to.have.length(1);
  });

  it('return a task to its queue even if queues.move_task_to_front fails', async () => {
    const logged: LoggedLine[] = [];
    fixture.server.script('queues.add_task', DONE);
    fixture.server.script('queues.move_task_to_front', page(502, ''));

    await fixture.client({ timeouts: { retryMs: 20 }, logged }).queues.returnToQueue(QUEUE, TASK);

    expect(logged.filter(({ level }) => level === 'warn').map((line) => line.data?.['task'])).to.deep.equal([TASK]);
  });

  it('return a task to its queue even if another agent claims the task before queues.move_task_to_front', async () => {
    fixture.server.script('queues.add_task', DONE);
    fixture.server.script('queues.move_task_to_front', refuse(400, 703, 'not queued'));

    await fixture.client().queues.returnToQueue(QUEUE, TASK);

    expect(fixture.sent('queues.add_task')).to.deep.equal([
      { queue: QUEUE, task: TASK, update_execution_queue: false },
    ]);
  });

  it('report the error message of the server if a queue cannot be created', async () => {
    fixture.server.script('queues.create', refuse(400, 800, 'data validation error: name too short'));

    expect(await rejection(fixture.client().queues.create('x')))
      .to.be.instanceOf(ServerRefusedError)
      .with.property('message')
      .that.includes('name too short');
  });
});
