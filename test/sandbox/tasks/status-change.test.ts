// Which status may follow which in the sandbox, without and with force.
import { expect } from 'chai';
import { TASK_STATUSES } from '../../../src/sandbox/store/documents.ts';
import { checkChange } from '../../../src/sandbox/tasks/status-change.ts';

/** What may follow without force, staying aside. */
const ALLOWED: Readonly<Record<string, string>> = {
  created: 'queued in_progress',
  queued: 'created in_progress stopped',
  in_progress: 'created stopped failed completed',
  stopped: 'created queued in_progress failed completed closed publishing published',
  failed: 'created queued stopped published',
  completed: 'created in_progress published',
  closed: 'created stopped failed publishing published',
  publishing: 'published',
  published: '',
};

describe('the status machine of the sandbox server', () => {
  for (const from of TASK_STATUSES) {
    for (const to of TASK_STATUSES) {
      if (from === 'unknown' && to !== 'unknown') continue;
      const isAllowed = from === to || (ALLOWED[from] ?? '').split(' ').includes(to);
      it(`${isAllowed ? 'allows' : 'rejects'} a change from "${from}" to "${to}"`, () => {
        expect(checkChange(from, to)).to.equal(isAllowed ? 'allowed' : 'refused');
      });
    }
  }

  it('has no rule for a change from "unknown" to "created"', () => {
    expect(checkChange('unknown', 'created')).to.equal('no such row');
  });
});
