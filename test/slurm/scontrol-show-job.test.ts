// One job's record as scontrol shows it: read correctly, whatever the job's owner wrote into it.
import { expect } from 'chai';
import fc from 'fast-check';
import type { JobId, JobRecord } from '../../src/slurm/scheduler.ts';
import { parseJobRecord } from '../../src/slurm/scontrol-show-job.ts';
import { fuzzCases, fuzzSeed } from '../support/fuzz-cases.ts';
import { fixture } from './recorded-output.ts';
import { hostileOwnerTexts, recordText, TRUE_RECORD, type OwnerTexts } from './job-record-layout.ts';

describe('parseJobRecord (from scontrol show job)', () => {
  function record(file: string, id: string): ReturnType<typeof parseJobRecord> {
    return parseJobRecord(fixture(`22.05.8/${file}`), id as JobId);
  }

  it('returns the record of a running job', () => {
    expect(record('job-running.txt', '26')).to.deep.equal({
      name: 'clearml_task_0123456789abcdef0123456789abcdef-mwudl4rwabcd',
      stateWord: 'RUNNING',
      exitCode: 0,
      exitSignal: undefined,
      outputPath: '/home/ann/slurm-26.out',
      nodes: 'n1',
      timeLimit: '00:05:00',
      reason: undefined,
      restarts: 0,
      memoryLimit: undefined,
      userId: 0,
    });
  });

  it('returns the exit code of a failed job (S-42)', () => {
    expect(record('job-failed.txt', '27')).to.include({
      stateWord: 'FAILED',
      exitCode: 3,
      exitSignal: undefined,
      reason: 'NonZeroExitCode',
    });
  });

  it('returns the signal that ended a job (S-42)', () => {
    expect(record('job-killed.txt', '28')).to.include({ stateWord: 'FAILED', exitCode: 0, exitSignal: 9 });
  });

  it('returns signal 53 for a job whose output file cannot be opened (S-14)', () => {
    expect(record('job-no-output.txt', '36')).to.include({ exitSignal: 53, outputPath: '/proc/nope/x' });
  });

  it('returns the memory limit per node or per CPU', () => {
    const text = fixture('22.05.8/job-held.txt');
    const asked = (what: string): string | undefined =>
      parseJobRecord(text.replace(/MinMemory\w+=\S+/, what), '29' as JobId)?.memoryLimit;

    expect(asked('MinMemoryNode=50M')).to.equal('50M per node');
    expect(asked('MinMemoryCPU=1.50G')).to.equal('1.50G per CPU');
    expect(asked('MinMemoryNode=0')).to.equal(undefined);
  });

  it('does not read the log path from a comment', () => {
    expect(record('job-held.txt', '29')).to.include({
      name: 'held job',
      outputPath: '/tmp/slurm-29.out',
      nodes: undefined,
    });
  });

  it('returns no record for a job array', () => {
    const text = fixture('22.05.8/job-array.txt');
    const ids = [...text.matchAll(/^JobId=(\d+)/gm)].map(([, id]) => id);

    expect(ids).to.have.length(3);
    for (const id of ids) expect(parseJobRecord(text, id as JobId)).to.equal(undefined);
  });

  it('returns no record if scontrol shows a job with another id', () => {
    expect(record('job-running.txt', '27')).to.equal(undefined);
    expect(record('job-running.txt', '2')).to.equal(undefined);
  });

  it('returns a log path that contains blanks', () => {
    const text = fixture('22.05.8/job-running.txt').replaceAll('/home/ann/slurm-26.out', '/home/ann/my runs/a b.out');

    expect(parseJobRecord(text, '26' as JobId)).to.include({ outputPath: '/home/ann/my runs/a b.out' });
  });

  it('returns a reason with blanks where Slurm prints underscores', () => {
    const text = fixture('22.05.8/job-held.txt').replace('Reason=JobHeldUser', 'Reason=launch_failed_requeued_held');

    expect(parseJobRecord(text, '29' as JobId)).to.include({ reason: 'launch failed requeued held' });
  });

  it('never returns the job name of another task for a hostile job name', () => {
    // The caller compares the name: a hostile one must come back as something else.
    expect(record('job-hostile.txt', '34')?.name).to.match(/^evil/);
  });

  it('does not throw on a random job name', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (garbage) => {
        const read = parseJobRecord(`JobId=1 JobName=${garbage}`, '1' as JobId);
        expect(read === undefined || typeof read.name === 'string').to.equal(true);
      }),
    );
  });
});

describe("parseJobRecord (fields that the job's user can set)", () => {
  const read = (texts: OwnerTexts): JobRecord | undefined => parseJobRecord(recordText(texts), TRUE_RECORD.id);

  /** Each fact is Slurm's own, or is omitted. */
  function expectNothingForged(record: JobRecord | undefined): void {
    if (record === undefined) return;
    const { name, stateWord, ...facts } = record;
    // A name that reads otherwise is that of no job of ours: nothing else in the record counts then.
    if (name !== TRUE_RECORD.record.name) return;
    expect(stateWord).to.equal(TRUE_RECORD.record.stateWord);
    expect(facts).to.include({
      restarts: TRUE_RECORD.record.restarts,
      exitCode: TRUE_RECORD.record.exitCode,
      exitSignal: undefined,
    });
    for (const fact of ['userId', 'outputPath', 'nodes', 'timeLimit', 'reason', 'memoryLimit'] as const)
      expect(facts[fact], fact).to.be.oneOf([TRUE_RECORD.record[fact], undefined]);
    if (facts.outputPath === undefined) expect(facts.isOutputInDoubt).to.equal(true);
  }

  it('returns the complete record if no field is hostile', () => {
    expect(read({})).to.deep.equal(TRUE_RECORD.record);
  });

  it('ignores "StdOut=" within the text of another field (S-60)', () => {
    const forged = 'x StdOut=/home/daemon/clearml.conf JobState=COMPLETED ExitCode=0:0';

    for (const field of ['Account', 'Comment', 'MailUser', 'WorkDir', 'Features', 'WCKey', 'Container'])
      expect(read({ [field]: forged }), field).to.deep.equal(TRUE_RECORD.record);
  });

  it('returns no log path if a comment forges a second StdOut line (S-60)', () => {
    const record = read({ Comment: 'x\n   StdOut=/home/daemon/clearml.conf' });

    expect(record).to.include({ stateWord: 'FAILED', exitCode: 3, outputPath: undefined, isOutputInDoubt: true });
  });

  it('returns no record if a comment forges a second state line or restart line', () => {
    for (const line of ['JobState=COMPLETED Reason=None ', 'Requeue=1 Restarts=0 BatchFlag=1 Reboot=0 ExitCode=0:0'])
      expect(read({ Comment: `x\n   ${line}` })).to.equal(undefined);

    expect(read({ Comment: `x\n\n\n${recordText({}).replace('FAILED', 'COMPLETED')}` })).to.equal(undefined);
  });

  it('returns no log path if the path is relative, too long or has control characters', () => {
    const pathOf = (path: string): string | undefined =>
      parseJobRecord(recordText({}).replace(/StdOut=.*/, `StdOut=${path}`), TRUE_RECORD.id)?.outputPath;

    expect(pathOf('/home/ann/my  runs/a b.out ')).to.equal('/home/ann/my  runs/a b.out ');
    for (const path of ['', '(null)', 'slurm.out', '/a\tb', '/a\x1b[2Jb', '/a\u202eb', `/${'./'.repeat(600)}`])
      expect(pathOf(path), path).to.equal(undefined);
  });

  it('returns no forged value for random hostile fields', () => {
    fc.assert(
      fc.property(hostileOwnerTexts(), (texts) => expectNothingForged(read(texts))),
      { numRuns: fuzzCases(2_000), seed: fuzzSeed(13) },
    );
  });
});
