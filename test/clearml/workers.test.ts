// How the client speaks of itself as a worker.
import { expect } from 'chai';
import { createBench } from './bench.ts';
import { createSetClock, queueId } from './client-under-test.ts';
import { data } from './scripted-server.ts';

const QUEUE = queueId('b'.repeat(32));

describe('the workers of the ClearML client', () => {
  const bench = createBench();

  it('counts the life of a worker in seconds and the time of its report in milliseconds', async () => {
    bench.server.script('workers.register', data({}));
    bench.server.script('workers.status_report', data({}));
    const { workers } = bench.client({ clock: createSetClock(1_700_000_000_123) });

    await workers.register('w', [QUEUE], 600_000);
    await workers.report('w', [QUEUE]);

    expect(bench.sent('workers.register')).to.deep.equal([{ worker: 'w', queues: [QUEUE], timeout: 600 }]);
    expect(bench.sent('workers.status_report')).to.deep.equal([
      { worker: 'w', queues: [QUEUE], timestamp: 1_700_000_000_123 },
    ]);
  });
});
