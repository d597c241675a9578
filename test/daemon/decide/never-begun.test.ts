// Tests the rows for a job that ended before its gate: by exit code 1, whose cause the log shows, or because Slurm ended it.
import { GRACES, NOW, describeRows, entryOf, jobOf, recordOf } from './observations.ts';

const waited = entryOf({ endSeenAt: NOW - GRACES.endMs - 1 });

describeRows('after a job has failed, the daemon', [
  {
    title: "reads the job's log if the exit code is 1 and the task is still parked",
    seen: { jobs: [jobOf('FAILED')], place: 'parked', record: recordOf() },
    done: ['read-log'],
  },
  {
    title: 'waits for late log lines if the log does not show the start of the script',
    seen: { jobs: [jobOf('FAILED')], place: 'parked', record: recordOf(), hasBegun: false },
    done: ['note'],
  },
  {
    title: 'resubmits the task after the grace period if the script never began (S-63)',
    seen: { jobs: [jobOf('FAILED')], place: 'parked', record: recordOf(), hasBegun: false, entry: waited },
    done: ['resubmit'],
  },
  {
    title: 'waits for the backoff before the fifth attempt if the script never began',
    seen: {
      jobs: [jobOf('FAILED')],
      place: 'parked',
      record: recordOf(),
      hasBegun: false,
      entry: { ...waited, attempts: 4, stepAt: NOW - 40_000 },
    },
    done: [],
  },
  {
    title: 'fails the task if the script of the fifth attempt never began',
    seen: {
      jobs: [jobOf('FAILED')],
      place: 'parked',
      record: recordOf(),
      hasBegun: false,
      entry: { ...waited, attempts: 5 },
    },
    done: ['end failed'],
  },
  {
    title: 'fails the task if the log cannot show whether the script began',
    seen: { jobs: [jobOf('FAILED')], place: 'parked', record: recordOf(), hasBegun: 'unknown' },
    done: ['end failed'],
  },
  {
    title: 'fails a task whose queue entry is gone even if the script never began',
    seen: { jobs: [jobOf('FAILED')], record: recordOf(), hasBegun: false, entry: waited },
    done: ['end failed'],
  },
  ...(
    [
      ['exit code 2', { exitCode: 2 }],
      ['exit code 127', { exitCode: 127 }],
      ['exit code 1 and signal 9', { exitCode: 1, exitSignal: 9 }],
      ['signal 53', { exitCode: 0, exitSignal: 53 }],
    ] as const
  ).map(([what, end]) => ({
    title: `fails the task without reading the log if the job ended with ${what}`,
    seen: { jobs: [jobOf('FAILED')], place: 'parked' as const, record: recordOf(end) },
    done: ['end failed'],
  })),
]);

describeRows('after Slurm has ended a job, the daemon', [
  ...['BOOT_FAIL', 'PREEMPTED'].flatMap((word) => [
    {
      title: `waits for late ClearML requests of a ${word} job if the task is still parked (S-64)`,
      seen: { jobs: [jobOf(word)], place: 'parked' as const, record: recordOf({ exitCode: 0 }) },
      done: ['note'],
    },
    {
      title: `resubmits a parked task after the grace period if the job ended ${word} (S-64)`,
      seen: { jobs: [jobOf(word)], place: 'parked' as const, record: recordOf({ exitCode: 0 }), entry: waited },
      done: ['resubmit'],
    },
    {
      title: `fails a task that is no longer parked if the job ended ${word}`,
      seen: { jobs: [jobOf(word)], record: recordOf({ exitCode: 0 }), entry: waited },
      done: ['end failed'],
    },
  ]),
  {
    title: 'resubmits a parked task if the job ended PREEMPTED with exit code 1 (S-64)',
    seen: { jobs: [jobOf('PREEMPTED')], place: 'parked', record: recordOf({ exitCode: 1 }), entry: waited },
    done: ['resubmit'],
  },
  {
    title: 'resubmits a parked task if Slurm has no record of the PREEMPTED job (S-64)',
    seen: { jobs: [jobOf('PREEMPTED')], place: 'parked', record: 'gone', entry: waited },
    done: ['resubmit'],
  },
  {
    title: 'waits for the backoff before the fifth attempt if the job was preempted',
    seen: {
      jobs: [jobOf('PREEMPTED')],
      place: 'parked',
      record: recordOf({ exitCode: 0 }),
      entry: { ...waited, attempts: 4, stepAt: NOW - 40_000 },
    },
    done: [],
  },
  {
    title: 'fails the task if the job of the fifth attempt was preempted',
    seen: {
      jobs: [jobOf('PREEMPTED')],
      place: 'parked',
      record: recordOf({ exitCode: 0 }),
      entry: { ...waited, attempts: 5 },
    },
    done: ['end failed'],
  },
  {
    title: 'fails a parked task after NODE_FAIL, because the node may still run the script',
    seen: { jobs: [jobOf('NODE_FAIL')], place: 'parked', record: recordOf({ exitCode: 0 }), entry: waited },
    done: ['end failed'],
  },
  ...['TIMEOUT', 'DEADLINE', 'OUT_OF_MEMORY'].map((word) => ({
    title: `fails a parked task without another attempt if the job ended ${word}`,
    seen: { jobs: [jobOf(word)], place: 'parked' as const, record: recordOf({ exitCode: 0 }) },
    done: ['end failed'],
  })),
]);
