// Tests the messages in a task's console in full, so that every change of a word is visible.
import { expect } from 'chai';
import { decide } from '../../../src/daemon/decide/decide.ts';
import type { Observation } from '../../../src/daemon/decide/observation.ts';
import {
  describeReturned,
  describeCannotStart,
  describeRefusal,
  describeSlowStart,
  describeSuspended,
  describeStart,
  describeSubmitted,
  describeClaimed,
  describeUnwanted,
  describeWait,
  isReturnedToQueue,
} from '../../../src/daemon/console/console-messages.ts';
import type { JobId } from '../../../src/slurm/scheduler.ts';
import { JOB_EXIT_CODES } from '../../../src/sbatch-template/job-script/job-exit-codes.ts';
import { beginningOf } from '../../support/excerpt.ts';
import { entryOf, GRACES, jobOf, NOW, recordOf, observation, taskOf } from '../decide/observations.ts';

const on = { nodes: 'n[1-2]' };
const waited = entryOf({ endSeenAt: NOW - GRACES.endMs - 1 });

/** The texts of a decision. */
function textsOf(seen: Partial<Observation>): string[] {
  return decide(observation(seen)).flatMap((action) => {
    if (action.do === 'log') return [action.text];
    if (action.do === 'end') return [action.ending.text];
    return action.do === 'cancel' || action.do === 'return-to-queue' || action.do === 'resubmit' ? [action.why] : [];
  });
}

const SENTENCES: readonly (readonly [said: string, expected: string])[] = [
  [
    describeClaimed('gpu', { version: '0.1.0', worker: 'login1:slurm' }),
    'Claimed from queue "gpu" by clearml-agent-slurm 0.1.0 (login1:slurm).',
  ],
  [describeSubmitted('7' as JobId, 'c1', { attempts: 1 }), 'Submitted as Slurm job 7 to cluster "c1".'],
  [
    describeSubmitted('8' as JobId, 'c1', { attempts: 2 }, 'Slurm job 7 is no longer known to Slurm'),
    'Submitted as Slurm job 8 to cluster "c1" (attempt 2): Slurm job 7 is no longer known to Slurm.',
  ],
  [
    describeSubmitted('8' as JobId, 'c1', { attempts: 1 }, 'Slurm job 7 reached its time limit'),
    'Submitted again as Slurm job 8 to cluster "c1": Slurm job 7 reached its time limit.',
  ],
  [
    describeRefusal('Invalid partition name specified', 'gpu'),
    'Slurm rejected the job: Invalid partition name specified. Change the user property that sets --partition, or edit the template of queue "gpu".',
  ],
  [
    describeRefusal('Invalid account or account/partition combination specified', 'gpu'),
    'Slurm rejected the job: Invalid account or account/partition combination specified. Change the user property that sets --account or --partition, or edit the template of queue "gpu".',
  ],
  [
    describeRefusal('the site wants a project', 'gpu'),
    'Slurm rejected the job: the site wants a project. Change the user property that sets the rejected value, or edit the template of queue "gpu".',
  ],
  [
    describeRefusal("unrecognized option '--container-image=x'", 'gpu'),
    'Slurm rejected the job: unrecognized option \'--container-image=x\'. sbatch has no Pyxis plugin here. Use --singularity-mode with a template written for it, or use --srun-delegation and move the --container options of the template of queue "gpu" into an srun() function.',
  ],
  [
    describeReturned('gpu', 'Slurm accepts no more jobs now: Job violates accounting/QOS policy'),
    'Returned to the front of queue "gpu": Slurm accepts no more jobs now: Job violates accounting/QOS policy.',
  ],
  [
    describeWait(jobOf('PENDING', { reason: 'Resources', startAt: NOW + 3_600_000 }), NOW).text,
    'Slurm job 7 waits in partition debug: it is next, and waits for free nodes (Resources). Slurm expects to start it around 2026-01-01 13:00 UTC.',
  ],
  [describeWait(jobOf('PENDING'), NOW).text, 'Slurm job 7 waits in partition debug: Slurm has not considered it yet.'],
  // As where nodes are powered down while they are idle: src/slurmctld/node_scheduler.c clears the reason and sets the flag.
  [
    describeWait(jobOf('CONFIGURING', on), NOW).text,
    'Slurm job 7 waits in partition debug: its nodes are booting or being prepared.',
  ],
  [
    describeWait(jobOf('PENDING', { reason: 'JobHeldUser' }), NOW).text,
    'Slurm job 7 waits in partition debug: it is held (JobHeldUser). Release the job with "scontrol release 7".',
  ],
  [
    describeWait(jobOf('PENDING', { reason: 'PartitionTimeLimit' }), NOW).text,
    'Slurm job 7 waits in partition debug: it requests more time than its partition allows (PartitionTimeLimit). Lower --time, or choose another --partition.',
  ],
  [
    describeCannotStart(jobOf('PENDING', { reason: 'PartitionTimeLimit' }), 600_000),
    'Cancelling Slurm job 7 in partition debug: after waiting for 10 min, it still cannot start, because it requests more time than its partition allows (PartitionTimeLimit). Lower --time, or choose another --partition.',
  ],
  [describeStart(jobOf('RUNNING', on), false), 'Slurm job 7 started in partition debug on n[1-2].'],
  [describeStart(jobOf('RUNNING', on), true), 'Slurm job 7 started again in partition debug on n[1-2].'],
  [
    describeSuspended(jobOf('SUSPENDED', on)),
    'Slurm has suspended job 7 on n[1-2], for example to run jobs of higher priority. The task continues when Slurm resumes the job. If the task reports nothing for two hours, the ClearML server stops it.',
  ],
  [
    describeSlowStart(jobOf('RUNNING', on), 300_000),
    'Slurm job 7 has been running for 5 min on n[1-2], but clearml-agent has not started the task. The job may still be installing packages: see its log on the cluster.',
  ],
  [describeUnwanted(undefined), 'the task was deleted'],
  [describeUnwanted(taskOf('queued')), 'the task was enqueued again'],
  [describeUnwanted(taskOf('created')), 'the task is a draft again'],
  [describeUnwanted(taskOf('stopped')), 'the task was aborted'],
  [describeUnwanted(taskOf('failed')), 'the task has already failed'],
  [describeUnwanted(taskOf('created', { archived: true })), 'the task was archived'],
];

describe("the task's console", () => {
  for (const [said, expected] of SENTENCES) {
    it(`${expected.startsWith('the task ') ? 'gives the reason for a cancellation' : 'shows'}: ${beginningOf(expected)}`, () => {
      expect(said).to.equal(expected);
    });
  }

  it('shows a new message when the nodes of a pending job begin to boot', () => {
    expect(describeWait(jobOf('CONFIGURING'), NOW).key).not.to.equal(describeWait(jobOf('PENDING'), NOW).key);
  });

  it('shows ReqNodeNotAvail only once, even if the list of unavailable nodes changes', () => {
    const [one, other] = ['n3', 'n[3,7-9]'].map((nodes) =>
      describeWait(jobOf('PENDING', { reason: `ReqNodeNotAvail, UnavailableNodes:${nodes}` }), NOW),
    );
    expect(one?.key).to.equal(other?.key);
    expect(one?.text).to.contain('(ReqNodeNotAvail, UnavailableNodes:n3)');
    const reserved = describeWait(jobOf('PENDING', { reason: 'ReqNodeNotAvail, Reserved for maintenance' }), NOW);
    expect(reserved.key).not.to.equal(one?.key);
  });

  it('truncates a list of 500 unavailable nodes, and shows the expected start behind the list', () => {
    const nodes = Array.from({ length: 500 }, (_, index) => 2 * index).join(',');
    const job = jobOf('PENDING', { reason: `ReqNodeNotAvail, UnavailableNodes:n[${nodes}]`, startAt: NOW + 3_600_000 });
    const { text } = describeWait(job, NOW);
    expect(text).to.match(/UnavailableNodes:n\[0,2,4,[\d,]+…\)\. Slurm expects to start it around /);
    expect(text).to.have.length.below(450);
  });

  it('explains requeued, cancelled, aborted and lost jobs', () => {
    const aborted = taskOf('in_progress', { statusMessage: 'stopping' });
    expect(textsOf({ jobs: [jobOf('PENDING')], task: taskOf('in_progress') })).to.deep.equal([
      'Slurm requeued job 7: the task waits again and starts from the beginning.',
    ]);
    const started = entryOf({ told: { startedOn: '7@1' } });
    expect(textsOf({ jobs: [jobOf('PENDING')], entry: started })).to.deep.equal([
      'Slurm requeued it before clearml-agent started the task',
    ]);
    expect(textsOf({ jobs: [jobOf('PENDING')], record: 'gone', lookedUp: true })).to.deep.equal([
      'the task is no longer in the scheduler queue',
    ]);
    expect(textsOf({ jobs: [jobOf('PENDING')], task: aborted })).to.deep.equal([
      'the task was aborted',
      'Aborted by the user. Cancelling Slurm job 7, which Slurm had requeued.',
    ]);
    expect(textsOf({ jobs: [jobOf('FAILED')], task: aborted, record: recordOf(), entry: waited })).to.deep.equal([
      'Aborted by the user. Slurm job 7 ended FAILED (exit code 1).',
    ]);
    const lost = { entry: entryOf({ absentSince: NOW - GRACES.absentMs }), lookedUp: true };
    expect(textsOf({ ...lost, task: taskOf('in_progress', { lastUpdate: NOW - 900_000 }) })).to.deep.equal([
      'Slurm job 7 is no longer known to Slurm, and its agent has not reported for 15 min. The job was lost, perhaps because the Slurm controller restarted. Enqueue the task again.',
    ]);
    expect(textsOf({ ...lost, task: taskOf('in_progress', { lastUpdate: undefined }) })).to.deep.equal([
      'Slurm job 7 is no longer known to Slurm, and its agent never reported. The job was lost, perhaps because the Slurm controller restarted. Enqueue the task again.',
    ]);
    expect(textsOf({ ...lost, place: 'parked' })).to.deep.equal(['Slurm job 7 is no longer known to Slurm']);
  });

  it('shows "Gave up after 5 Slurm jobs" with the last cause and advice', () => {
    const atGate = recordOf({ exitCode: JOB_EXIT_CODES.gateClosed.code });
    const seen = { jobs: [jobOf('FAILED')], place: 'parked', record: atGate, entry: entryOf({ attempts: 5 }) } as const;

    expect(textsOf(seen)).to.deep.equal([
      'Gave up after 5 Slurm jobs, none of which started the task: job 7 did not find the task in the scheduler queue. Fix the cause, then enqueue the task again.',
    ]);
  });

  it('shows the return of a task to its queue in a form that the daemon can recognize later', () => {
    expect(isReturnedToQueue(describeReturned('gpu', 'whatever'))).to.equal(true);
    expect(isReturnedToQueue('Back at the front of queue "gpu": written by 0.1.0.')).to.equal(true);
    expect(isReturnedToQueue('Claimed from queue "gpu"')).to.equal(false);
  });
});
