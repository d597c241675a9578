// Measures a daemon's recovery from the record of the server's calls.
import { expect } from 'chai';
import { call, fault } from './sample-history.ts';
import { describeRecoveries, recoveriesMs } from './recovery.ts';

const death = fault(1_000, 'other', { daemon: 'daemon-1', until: 3_000 });
const claim = call(5_000, 'daemon-1', 'queues.get_next_task');

describe('the recovery time of a daemon', () => {
  it('ends at the first claim of a task that was queued before the restart', () => {
    const calls = [call(2_000, 'user', 'tasks.enqueue'), call(4_000, 'daemon-2', 'queues.get_next_task'), claim];
    expect(recoveriesMs([death], calls)).to.deep.equal([4_000]);
  });

  it('is unknown if the daemon claims no task that was queued before the restart', () => {
    expect(recoveriesMs([death], [call(4_500, 'user', 'tasks.enqueue'), claim])).to.deep.equal([]);
    expect(recoveriesMs([death], [call(2_000, 'user', 'tasks.enqueue')])).to.deep.equal([]);
  });

  it('is printed as median and maximum', () => {
    expect(describeRecoveries([3_000, 1_000, 8_000])).to.equal('median 3.0 s, longest 8.0 s of 3');
  });
});
