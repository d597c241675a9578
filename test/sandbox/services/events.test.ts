// A task's console in the sandbox: which events are accepted, refused and returned, and in which order.
import { expect } from 'chai';
import * as z from 'zod';
import { basicAuthorization, openSandbox, readResult, type Answer, type OpenSandbox } from '../open-sandbox.ts';

const Lines = z.array(z.object({ msg: z.string() }));

/** A batch as the clients send it: one object a line. */
async function sendBatch(sandbox: OpenSandbox, events: readonly Record<string, unknown>[]): Promise<Answer> {
  const reply = await fetch(`${sandbox.url}/events.add_batch`, {
    method: 'POST',
    headers: {
      authorization: basicAuthorization(sandbox.accessKey, sandbox.secretKey),
      'content-type': 'application/json-lines',
      'x-clearml-worker': 'node1',
    },
    body: events.map((event) => JSON.stringify(event)).join('\n'),
  });
  return readResult(await reply.text());
}

async function page(sandbox: OpenSandbox, body: Record<string, unknown>): Promise<string> {
  const { events } = await sandbox.ok('events.get_task_log', body);
  return Lines.parse(events)
    .map(({ msg }) => msg)
    .join(' ');
}

describe('the task console of the sandbox server', () => {
  it('stores a line twice if a client sends the line twice', async () => {
    await using sandbox = await openSandbox();
    const task = await sandbox.makeTask();
    const lines = [1, 2].map((timestamp) => ({ type: 'log', task, msg: `line ${timestamp}`, timestamp }));
    expect((await sendBatch(sandbox, lines)).data).to.deep.equal({ added: 2, errors: 0, errors_info: {} });
    await sendBatch(sandbox, lines);
    expect(await sandbox.ok('events.get_task_log', { task })).to.include({ returned: 4, total: 4 });
  });

  it('uses the worker from the request header if a line has no worker', async () => {
    await using sandbox = await openSandbox();
    const task = await sandbox.makeTask();
    await sendBatch(sandbox, [{ type: 'log', task, msg: 'x' }]);
    await sendBatch(sandbox, [{ type: 'log', task, msg: 'y', worker: 'w:1' }]);
    const { events } = await sandbox.ok('events.get_task_log', { task, order: 'asc' });
    expect(events).to.have.nested.property('[0].worker', 'node1');
    expect(events).to.have.nested.property('[1].worker', 'w:1');
  });

  it('rejects only the invalid events of a batch, and returns a count for each reason', async () => {
    await using sandbox = await openSandbox();
    const task = await sandbox.makeTask();
    const good = { type: 'log', task, msg: 'x' };
    const answer = await sendBatch(sandbox, [good, { type: 'log', task: 'gone' }, { type: 'joke', task }, { task }]);
    expect(answer.data).to.deep.equal({
      added: 1,
      errors: 3,
      errors_info: { 'Invalid task id gone': 1, 'Invalid event type joke': 1, "Event must have a 'type' field": 1 },
    });
  });

  it('returns an error if every event of a batch is invalid', async () => {
    await using sandbox = await openSandbox();
    expect((await sendBatch(sandbox, [{ type: 'log', task: 'gone' }])).result).to.equal('400/131');
  });

  it('rejects lines of a published task without allow_locked', async () => {
    await using sandbox = await openSandbox();
    const task = await sandbox.makeTask();
    await sandbox.ok('tasks.publish', { task, force: true });
    expect((await sandbox.call('events.add', { type: 'log', task, msg: 'x' })).result).to.equal('400/131');
    expect(await sandbox.ok('events.add', { type: 'log', task, msg: 'x', allow_locked: true })).to.include({
      added: 1,
    });
  });

  it('returns pages backwards from the newest line and forwards from the oldest', async () => {
    await using sandbox = await openSandbox();
    const task = await sandbox.makeTask();
    await sendBatch(
      sandbox,
      [3, 1, 2, 5, 4].map((timestamp) => ({ type: 'log', task, msg: String(timestamp), timestamp })),
    );
    expect(await page(sandbox, { task, batch_size: 2 })).to.equal('5 4');
    expect(await page(sandbox, { task, batch_size: 2, order: 'asc' })).to.equal('4 5');
    expect(await page(sandbox, { task, batch_size: 2, from_timestamp: 4 })).to.equal('3 2');
    expect(await page(sandbox, { task, batch_size: 2, navigate_earlier: false })).to.equal('1 2');
    expect(await page(sandbox, { task, batch_size: 2, navigate_earlier: false, from_timestamp: 2 })).to.equal('3 4');
  });

  it('returns all lines of one millisecond on the same page', async () => {
    await using sandbox = await openSandbox();
    const task = await sandbox.makeTask();
    await sendBatch(
      sandbox,
      ['a', 'b', 'c'].map((msg) => ({ type: 'log', task, msg, timestamp: 7 })),
    );
    expect(await page(sandbox, { task, batch_size: 1, navigate_earlier: false })).to.equal('a b c');
    expect(await page(sandbox, { task, batch_size: 1, order: 'asc' })).to.equal('a b c');
  });

  it('is empty after events.clear_task_log', async () => {
    await using sandbox = await openSandbox();
    const task = await sandbox.makeTask();
    await sendBatch(sandbox, [{ type: 'log', task, msg: 'x' }]);
    expect(await sandbox.ok('events.clear_task_log', { task })).to.deep.equal({ deleted: 1 });
    expect(await page(sandbox, { task })).to.equal('');
  });
});

describe('scalars of the sandbox server', () => {
  it('update last_iteration of the task', async () => {
    await using sandbox = await openSandbox();
    const task = await sandbox.makeTask();
    const scalar = { type: 'training_stats_scalar', task, metric: 'loss', variant: 'train', iter: 7 };
    const { data } = await sendBatch(sandbox, [
      { ...scalar, value: 1 },
      { ...scalar, value: 2 },
    ]);
    expect(data).to.include({ added: 2 });
    expect(await sandbox.task(task)).to.include({ last_iteration: 7 });
  });

  it('are returned in order of iteration, with equal iterations on one page', async () => {
    await using sandbox = await openSandbox();
    const task = await sandbox.makeTask();
    const point = (iter: number, variant: string): Record<string, unknown> => ({
      type: 'training_stats_scalar',
      task,
      metric: 'm',
      variant,
      iter,
      value: iter,
    });
    await sendBatch(sandbox, [point(3, 'a'), point(1, 'a'), point(2, 'a'), point(2, 'b')]);
    const pages: unknown[] = [];
    let more = {};
    for (const order of ['asc', 'asc', 'asc', 'desc']) {
      const page = await sandbox.ok('events.get_task_events', { task, batch_size: 2, order, ...more });
      const events = z.array(z.object({ iter: z.number() })).parse(page['events']);
      pages.push(events.map(({ iter }) => iter));
      more = pages.length < 3 ? { scroll_id: page['scroll_id'] } : {};
    }
    expect(pages).to.deep.equal([[1, 2, 2], [3], [], [3, 2, 2]]);
    const answer = await sandbox.call('events.get_task_events', { task, scroll_id: 'x' });
    expect(answer.result).to.equal('400/1104');
  });
});
