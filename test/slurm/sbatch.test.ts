// sbatch's output: the id of the submitted job, or the kind of failure; never a failure because of other output.
import { expect } from 'chai';
import fc from 'fast-check';
import { parseAcceptance, parseSbatch, sbatchArgs } from '../../src/slurm/sbatch.ts';
import type { SubmitOutcome } from '../../src/slurm/scheduler.ts';
import { processorMs } from '../support/processor-time.ts';
import { result } from './recorded-output.ts';

describe('the daemon', () => {
  it('runs sbatch with --job-name, which overrides the name in the script', () => {
    expect(sbatchArgs('clearml_task_1-a')).to.deep.equal(['--parsable', '--ignore-pbs', '--job-name=clearml_task_1-a']);
  });

  for (const [what, stdout, jobId, cluster, ids = '(S-04)'] of [
    ['a bare id', '4711\n', '4711', undefined],
    ['an id with a cluster name', '4711;lab-2.north\n', '4711', 'lab-2.north', '(S-04, S-36)'],
    ['"Submitted batch job 4711", as without --parsable', 'Submitted batch job 4711\n', '4711', undefined],
    [
      '"Submitted batch job 4711 on cluster lab", as without --parsable',
      'Submitted batch job 4711 on cluster lab\n',
      '4711',
      'lab',
    ],
    [
      'an id after other output',
      'Welcome!\nquota: 42 of 100\nsbatch: INFO: defaults applied\n4711\n',
      '4711',
      undefined,
    ],
    ['an id before other output', '4711\nsee https://wiki/slurm\n', '4711', undefined],
    ['another number before the id', '42\n4711\n', '4711', undefined],
    ['an id without a line end', '4711', '4711', undefined],
    ['an id of a federation', '67108865\n', '67108865', undefined, '(S-04, S-36)'],
    ['an id with a carriage return', '4711\r\n', '4711', undefined],
  ] as const) {
    it(`considers a job submitted if sbatch prints ${what} ${ids}`, () => {
      expect(parseSbatch(result({ stdout }))).to.deep.equal({ kind: 'accepted', jobId, cluster });
    });
  }

  it('considers a job submitted if sbatch prints an id to stdout and an error to stderr', () => {
    const stderr = 'sbatch: error: Slurm temporarily unable to accept job, sleeping and retrying\n';

    expect(parseSbatch(result({ stdout: '4711\n', stderr }))).to.include({ kind: 'accepted', jobId: '4711' });
  });

  it('considers a job submitted if sbatch prints an id and exits with code 3, as with --wait', () => {
    expect(parseSbatch(result({ exitCode: 3, stdout: '4711\n' }))).to.include({ kind: 'accepted', jobId: '4711' });
  });

  it('considers a job rejected if sbatch prints a number and an error message', () => {
    const stderr = 'sbatch: error: Batch job submission failed: Invalid qos specification\n';

    expect(parseSbatch(result({ exitCode: 1, stdout: '42\n', stderr }))).to.include({ kind: 'rejected' });
  });

  for (const [what, answer] of [
    ['prints nothing, as with --quiet', result({ stdout: '' })],
    ['prints no number', result({ stdout: 'job accepted, thank you\n' })],
    ['prints 0', result({ stdout: '0\n' })],
    ['is killed by a signal', result({ exitCode: undefined, killedBy: 'SIGKILL' })],
    ['exits with code 124, as after a timeout of a wrapper', result({ exitCode: 124 })],
  ] as const) {
    it(`considers the outcome of a submission unknown if sbatch ${what} (S-04)`, () => {
      const outcome = parseSbatch(answer);

      expect(outcome.kind).to.equal('unknown');
      expect(outcome.kind === 'unknown' && outcome.message).not.to.equal('');
    });
  }

  it('reports each error of sbatch once, without the prefix "sbatch: error:"', () => {
    const stderr =
      'sbatch: error: invalid partition specified: nope\n' +
      'sbatch: error: Batch job submission failed: Invalid partition name specified\n';

    expect(parseSbatch(result({ exitCode: 1, stderr }))).to.deep.equal({
      kind: 'rejected',
      message: 'invalid partition specified: nope; Invalid partition name specified',
    });
  });

  describe('(64 MB of sbatch output)', () => {
    const accepted = { kind: 'accepted', jobId: '4711', cluster: undefined } as const;
    for (const [what, output, outcome] of [
      ['ends with the job id', (noise) => ({ stdout: `${noise}4711\n` }), accepted],
      ['begins with the job id', (noise) => ({ stdout: `4711\n${noise}` }), accepted],
      ['contains no job id', (noise) => ({ stdout: noise, stderr: noise }), undefined],
    ] as const satisfies readonly (readonly [string, (noise: string) => object, object | undefined])[])
      it(`takes less than 2 s of CPU time if the output ${what}`, async () => {
        // As much as a transport returns.
        const noise = 'x\n'.repeat(32 * 1024 * 1024 - 64);
        let read: SubmitOutcome | undefined;
        const tookMs = await processorMs(() => (read = parseSbatch(result({ exitCode: 0, ...output(noise) }))));
        expect(tookMs).to.be.lessThan(2_000);
        if (outcome === undefined) expect(read).to.include({ kind: 'unknown' });
        else expect(read).to.deep.equal(outcome);
      });
  });

  it('finds no job id in a line of 200,000 digits', () => {
    const outcome = parseSbatch(result({ exitCode: 0, stdout: `${'1'.repeat(200_000)}\n` }));
    expect(outcome).to.include({ kind: 'unknown' });
  });

  it('finds no job id in random output without digits', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary' }),
        fc.string(),
        fc.constantFrom(0, 1, 255, undefined),
        (stdout, stderr, exitCode) => {
          const outcome = parseSbatch(result({ exitCode, stdout, stderr }));
          if (outcome.kind === 'accepted') expect(outcome.jobId).to.match(/^[1-9]\d*$/);
          expect(parseAcceptance(stdout.replace(/\d/g, 'x'))).to.equal(undefined);
        },
      ),
    );
  });
});
