// Tests that a daemon reads in the task which jobs another daemon has cancelled, or itself before it lost its journal.
import { expect } from 'chai';
import { chooseJob } from '../../../src/daemon/decide/decide.ts';
import { recordCancellations, withRecordedCancellations } from '../../../src/daemon/decide/recorded-cancellations.ts';
import { REMOVED_BY_USER } from '../../../src/daemon/decide/shared-actions.ts';
import type { Task } from '../../../src/clearml/task.ts';
import type { JobId } from '../../../src/slurm/scheduler.ts';
import {
  attempt,
  describeRows,
  entryOf,
  GRACES,
  jobName,
  jobOf,
  NOW,
  observation,
  recordOf,
  taskOf,
} from './observations.ts';

const EXTRA = jobOf('CANCELLED', { id: '8' as JobId, name: jobName(2) });
const DOUBLE = jobOf('CANCELLED', { id: '8' as JobId });

/** A queued task whose record has this text. */
function recorded(slurmCancelled: string, status: Task['status'] = 'queued'): Task {
  return taskOf(status, { slurmCancelled });
}

const OWN = `7 ${attempt(1)} the task is no longer in the scheduler queue`;
const waited = entryOf({ endSeenAt: NOW - GRACES.endMs - 1 });

describeRows('after the cancellation of a job, the daemon', [
  {
    title: 'sets the status to "stopped" if the user property slurm_cancelled does not name the job',
    seen: { jobs: [jobOf('CANCELLED')], place: 'parked', record: recordOf(), entry: waited },
    done: ['end stopped'],
  },
  {
    title: 'returns the task to its queue if the user property slurm_cancelled names the job',
    seen: { jobs: [jobOf('CANCELLED')], task: recorded(OWN), place: 'parked', record: recordOf(), entry: waited },
    done: ['return-to-queue'],
  },
  {
    title: 'sets the status to "stopped" if slurm_cancelled names only an earlier job with the same id',
    seen: {
      jobs: [jobOf('CANCELLED')],
      task: recorded(`7 ${attempt(0)} the task has another job, 6`),
      place: 'parked',
      record: recordOf(),
      entry: waited,
    },
    done: ['end stopped'],
  },
  {
    title:
      'restores the former status of a task that a user removed from the scheduler queue even if a peer cancelled the job',
    seen: {
      jobs: [jobOf('CANCELLED')],
      task: recorded(`7 ${attempt(1)} ${REMOVED_BY_USER}`),
      record: recordOf(),
      entry: waited,
    },
    done: ['dequeue'],
  },
  {
    title: 'fails the task if the job ended TIMEOUT, even if slurm_cancelled names the job',
    seen: {
      jobs: [jobOf('TIMEOUT')],
      task: taskOf('stopped', { slurmCancelled: OWN, statusReason: 'user abort' }),
      record: recordOf(),
      entry: waited,
    },
    done: ['end failed'],
  },
]);

describe('the user property slurm_cancelled', () => {
  it('prevents the daemon from tracking a cancelled extra job', () => {
    for (const extra of [EXTRA, DOUBLE]) {
      const [text = ''] = [recordCancellations(undefined, [extra], 'the task has another job, 7')];
      const seen = observation({
        task: recorded(text),
        jobs: [extra, jobOf('FAILED')],
        entry: entryOf({ jobId: '7' as JobId }),
      });

      expect(chooseJob(withRecordedCancellations(seen))?.id).to.equal('7');
      expect(withRecordedCancellations(seen).entry).to.include({ cancelledFor: undefined });
    }
  });

  it("adds a peer's cancelled extra job to the list in the journal entry", () => {
    const unrecorded = jobOf('PENDING', { id: '9' as JobId, name: jobName(3) });
    const text = `${OWN}; 8 ${attempt(2)} the task has another job, 7`;
    const seen = observation({
      task: recorded(text),
      jobs: [jobOf('CANCELLED'), EXTRA, unrecorded],
      entry: entryOf({ cancelledExtras: ['5' as JobId] }),
    });

    const { entry } = withRecordedCancellations(seen);

    expect(entry.cancelledExtras).to.deep.equal(['5', '8']);
    expect(entry.cancelledFor).to.equal('the task is no longer in the scheduler queue');
    const first = withRecordedCancellations({ ...seen, entry: entryOf() });
    expect(first.entry.cancelledExtras).to.deep.equal(['8']);
  });

  it('shows the cancellation of the current job even if the journal entry has no job id', () => {
    const text = `${OWN}; 8 ${attempt(2)} the task has another job, 7`;
    const entry = entryOf({ jobId: undefined });

    const seen = observation({ task: recorded(text), jobs: [EXTRA, jobOf('CANCELLED')], entry });

    expect(withRecordedCancellations(seen).entry).to.deep.include({
      cancelledFor: 'the task is no longer in the scheduler queue',
      cancelledExtras: ['8'],
    });
  });

  it('yields at most its eight newest cancellations', () => {
    const newer = Array.from({ length: 8 }, (_, index) => `${100 + index} ${attempt(1)} x`);

    const seen = observation({ task: recorded([OWN, ...newer].join('; ')), jobs: [jobOf('CANCELLED')] });

    expect(withRecordedCancellations(seen).entry.cancelledFor).to.equal(undefined);
  });

  it('does not replace the reason of a cancellation in the journal entry', () => {
    const entry = entryOf({ cancelledFor: 'the task was aborted' });

    expect(
      withRecordedCancellations(observation({ entry, jobs: [jobOf('CANCELLED')], task: recorded(OWN) })).entry,
    ).to.include({ cancelledFor: 'the task was aborted' });
  });

  it('is ignored if a user has replaced its value', () => {
    for (const text of [
      '',
      'x',
      '7',
      `7 ${attempt(1)}`,
      `7 ${attempt(1)} \n`,
      `-7 ${attempt(1)} x`,
      ';'.repeat(2_000),
    ]) {
      const seen = observation({ task: recorded(text), jobs: [jobOf('CANCELLED')] });

      expect(withRecordedCancellations(seen), text).to.equal(seen);
    }
  });

  it('contains each cancelled job only once, and at most the newest eight jobs', () => {
    const why = 'the task has another job; 7';
    let text = recordCancellations('what a user wrote', [EXTRA], why);
    expect(text).to.equal(`8 ${attempt(2)} the task has another job, 7`);
    expect(recordCancellations(text, [EXTRA], 'for another reason')).to.equal(undefined);
    for (let id = 1; id <= 20; id += 1)
      text = recordCancellations(text, [jobOf('PENDING', { id: `${100 + id}` as JobId })], 'x');

    expect(text?.split('; ')).to.have.length(8);
    expect(text?.endsWith(`; 120 ${attempt(1)} x`)).to.equal(true);
  });
});
