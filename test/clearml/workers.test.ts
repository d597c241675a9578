// How the client reports itself as a worker.
import { expect } from 'chai';
import { createScriptedServerFixture } from './scripted-server-fixture.ts';
import { createSetClock, queueId } from './client-under-test.ts';
import { data } from './scripted-server.ts';

const QUEUE = queueId('b'.repeat(32));

describe('the worker calls of the ClearML client', () => {
  const fixture = createScriptedServerFixture();

  it('send the registration timeout in seconds and the report time in milliseconds (C-10)', async () => {
    fixture.server.script('workers.register', data({}));
    fixture.server.script('workers.status_report', data({}));
    const { workers } = fixture.client({ clock: createSetClock(1_700_000_000_123) });

    const row = { id: 'w', queues: [QUEUE], tags: ['t'] };
    await workers.register(row, 600_000);
    await workers.report(row);

    const shown = { worker: 'w', queues: [QUEUE], system_tags: ['t'] };
    expect(fixture.sent('workers.register')).to.deep.equal([{ ...shown, timeout: 600 }]);
    expect(fixture.sent('workers.status_report')).to.deep.equal([{ ...shown, timestamp: 1_700_000_000_123 }]);
  });

  it('round the age limit of a worker search to whole seconds, at least one', async () => {
    fixture.server.script(
      'workers.get_all',
      data({
        workers: [
          { id: 'w', queues: null },
          { id: 'v', system_tags: ['t'] },
        ],
      }),
    );
    const { workers } = fixture.client();

    expect(await workers.find(['t'], 75_400)).to.deep.equal({
      workers: [{ id: 'v', queues: [], tags: ['t'] }],
      isWhole: true,
    });
    expect((await workers.find(['t'], 1)).workers).to.have.length(1);

    expect(fixture.sent('workers.get_all')).to.deep.equal([
      { system_tags: ['t'], last_seen: 75 },
      { system_tags: ['t'], last_seen: 1 },
    ]);
  });

  it('skip and report an unreadable worker', async () => {
    const odd = { id: 'v', queues: [{ id: 'q' }, { id: QUEUE }, 5], system_tags: ['t', {}] };
    fixture.server.script('workers.get_all', data({ workers: [{ id: 7 }, null, odd] }));

    expect(await fixture.client().workers.find(['t'], 1)).to.deep.equal({
      workers: [{ id: 'v', queues: [QUEUE], tags: ['t'] }],
      isWhole: false,
    });
  });

  it('return no worker and no error for an unreadable response', async () => {
    fixture.server.script('workers.get_all', data({ workers: 'many' }));

    expect(await fixture.client().workers.find(['t'], 1)).to.deep.equal({ workers: [], isWhole: false });
  });
});
