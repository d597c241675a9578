// Tests which queue is served next: by priority, or by order fairness.
import { expect } from 'chai';
import type { QueueEntry } from '../../../src/clearml/client.ts';
import type { QueueId, TaskId } from '../../../src/clearml/ids.ts';
import { chooseHead } from '../../../src/daemon/claim/claim.ts';
import type { ServedQueue } from '../../../src/daemon/deps.ts';

const NOWHERE = { file: 'a.template', line: 1, column: 1, command: [] };
const template = { file: 'a.template', agent: NOWHERE, render: () => ({ script: '', uses: [] }) };
const [a, b, c] = ['a', 'b', 'c'].map((name): ServedQueue => ({ id: name as QueueId, name, template })) as [
  ServedQueue,
  ServedQueue,
  ServedQueue,
];
const queues = [a, b, c];
const none = new Set<TaskId>();

function waiting(tasks: Readonly<Record<string, readonly string[]>>): ReadonlyMap<QueueId, readonly QueueEntry[]> {
  return new Map(
    Object.entries(tasks).map(([queue, ids]) => [
      queue as QueueId,
      ids.map((id) => ({ task: id as TaskId, added: 0 })),
    ]),
  );
}

describe('chooseHead', () => {
  it('chooses the first task of the first non-empty queue if the queues have priorities', () => {
    expect(
      chooseHead(queues, waiting({ a: [], b: ['1', '2'], c: ['3'] }), { after: undefined, skip: none, passed: none }),
    ).to.deep.equal({ queue: b, entry: { task: '1', added: 0 } });
  });

  it('chooses the first task of the next non-empty queue with order fairness', () => {
    expect(
      chooseHead(queues, waiting({ a: ['1'], b: [], c: ['3'] }), { after: a, skip: none, passed: none })?.queue,
    ).to.equal(c);
    expect(
      chooseHead(queues, waiting({ a: ['1'], b: ['2'], c: [] }), { after: c, skip: none, passed: none })?.queue,
    ).to.equal(a);
  });

  it('chooses nothing if all queues are empty or deleted', () => {
    expect(chooseHead(queues, waiting({ a: [] }), { after: undefined, skip: none, passed: none })).to.equal(undefined);
  });

  it('skips a queue whose first task waits for its old job, as only the first can be popped', () => {
    const skip = new Set(['1' as TaskId]);
    expect(
      chooseHead(queues, waiting({ a: ['1', '2'], b: ['3'] }), { after: undefined, skip, passed: none }),
    ).to.deep.equal({
      queue: b,
      entry: { task: '3', added: 0 },
    });
  });
});
