// scontrol's texts: the cluster's facts, and one job's record whatever its owner wrote into it.
import { expect } from 'chai';
import fc from 'fast-check';
import type { JobId } from '../../src/slurm/scheduler.ts';
import { readFacts, readJobRecord } from '../../src/slurm/scontrol.ts';
import { fixture } from './fixture.ts';

describe('scontrol show config', () => {
  it('gives the facts of a cluster of Slurm 22.05.8', () => {
    expect(readFacts(fixture('22.05.8/config.txt'))).to.deep.equal({
      clusterName: 'lab',
      version: '22.05.8',
      minJobAgeMs: 300_000,
      messageTimeoutMs: 10_000,
      killWaitMs: 3_000,
      hasAccounting: false,
    });
  });

  it('sees that there is accounting', () => {
    const text = fixture('22.05.8/config.txt').replace('accounting_storage/none', 'accounting_storage/slurmdbd');

    expect(readFacts(text)).to.include({ hasAccounting: true });
  });

  it('takes the "(null)" of newer releases for no accounting', () => {
    const text = fixture('22.05.8/config.txt').replace('accounting_storage/none', '(null)');

    expect(readFacts(text)).to.include({ hasAccounting: false });
  });

  it('S-49 tells how often a controller lets one user ask, with the defaults of what is not said', () => {
    const limited = (parameters: string): unknown =>
      readFacts(
        fixture('22.05.8/config.txt').replace(/(SlurmctldParameters\s+= ).*/, (_, key: string) => key + parameters),
      )?.callLimit;

    expect(limited('(null)')).to.equal(undefined);
    expect(limited('enable_configless,rl_bucket_size=4')).to.equal(undefined);
    expect(limited('rl_enable')).to.deep.equal({ perSecond: 2, burst: 30 });
    expect(limited('cloud_dns,rl_enable,rl_bucket_size=40,rl_refill_rate=4,rl_refill_period=60')).to.deep.equal({
      perSecond: 4 / 60,
      burst: 40,
    });
    expect(limited('rl_enable,rl_refill_rate=0,rl_refill_period=x')).to.deep.equal({ perSecond: 2, burst: 30 });
  });

  it('gives none when the answer is cut', () => {
    expect(readFacts(fixture('22.05.8/config.txt').slice(0, 2_000))).to.equal(undefined);
    expect(readFacts('')).to.equal(undefined);
  });
});

describe('scontrol show job', () => {
  function record(file: string, id: string): ReturnType<typeof readJobRecord> {
    return readJobRecord(fixture(`22.05.8/${file}`), id as JobId);
  }

  it('tells a running job from its record', () => {
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
    });
  });

  it('S-42 tells the exit code of a job that failed', () => {
    expect(record('job-failed.txt', '27')).to.include({
      stateWord: 'FAILED',
      exitCode: 3,
      exitSignal: undefined,
      reason: 'NonZeroExitCode',
    });
  });

  it('S-42 tells the signal that ended a job', () => {
    expect(record('job-killed.txt', '28')).to.include({ stateWord: 'FAILED', exitCode: 0, exitSignal: 9 });
  });

  it('S-14 tells the signal that Slurm gives a job whose output file can not be opened', () => {
    expect(record('job-no-output.txt', '36')).to.include({ exitSignal: 53, outputPath: '/proc/nope/x' });
  });

  it('tells how much memory a job had asked for, for each node or CPU, unless it was all there is', () => {
    const text = fixture('22.05.8/job-held.txt');
    const asked = (what: string): string | undefined =>
      readJobRecord(text.replace(/MinMemory\w+=\S+/, what), '29' as JobId)?.memoryLimit;

    expect(asked('MinMemoryNode=50M')).to.equal('50M a node');
    expect(asked('MinMemoryCPU=1.50G')).to.equal('1.50G a CPU');
    expect(asked('MinMemoryNode=0')).to.equal(undefined);
  });

  it('does not take a comment for the path of the log', () => {
    expect(record('job-held.txt', '29')).to.include({
      name: 'held job',
      outputPath: '/tmp/slurm-29.out',
      nodes: undefined,
    });
  });

  it('finds a job of an array by its own id only', () => {
    const text = fixture('22.05.8/job-array.txt');
    const ids = [...text.matchAll(/^JobId=(\d+)/gm)].map(([, id]) => id);

    expect(ids).to.have.length(3);
    expect(ids.map((id) => readJobRecord(text, id as JobId)?.name)).to.deep.equal(['arr', 'arr', 'arr']);
    expect(readJobRecord(text, '4711' as JobId)).to.equal(undefined);
  });

  it('reads a path with blanks whole', () => {
    const text = fixture('22.05.8/job-running.txt').replaceAll('/home/ann/slurm-26.out', '/home/ann/my runs/a b.out');

    expect(readJobRecord(text, '26' as JobId)).to.include({ outputPath: '/home/ann/my runs/a b.out' });
  });

  it('writes a reason without the underscores of some releases', () => {
    const text = fixture('22.05.8/job-held.txt').replace('Reason=JobHeldUser', 'Reason=launch_failed_requeued_held');

    expect(readJobRecord(text, '29' as JobId)).to.include({ reason: 'launch failed requeued held' });
  });

  it('never shows our name for a job that only pretends to have it', () => {
    // The caller compares the name: a hostile one must come back as something else.
    expect(record('job-hostile.txt', '34')?.name).to.match(/^evil/);
  });

  it('never throws on garbage', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (garbage) => {
        const read = readJobRecord(`JobId=1 JobName=${garbage}`, '1' as JobId);
        expect(read === undefined || typeof read.name === 'string').to.equal(true);
        expect(() => readFacts(garbage)).not.to.throw();
      }),
    );
  });
});
