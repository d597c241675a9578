// `lint` with the real sbatch: it finds nothing in a template that Slurm accepts, and reports the errors of sbatch.
import { expect } from 'chai';
import { execFile } from 'node:child_process';
import { CLEAN, TEMPLATE_PROBLEMS } from '../lint/template-problems.ts';
import { PROBLEMS_FOUND_BY_PROGRAMS } from '../lint/problems-found-by-programs.ts';
import { lintTemplate } from '../../src/lint/lint-template.ts';
import { severityOf } from '../../src/lint/lint-rules.ts';
import { sampleScript } from '../../src/lint/sample-script.ts';
import { requireShellcheck, requireSlurm } from '../support/skip-unless.ts';
import { sharedCluster } from '../support/shared-cluster.ts';
import { environmentFor } from '../support/slurm-command.ts';
import { openCli, type Cli } from './open-cli.ts';

/** A template for the private cluster, whose partition is called debug. */
function withDirective(line: string): string {
  return CLEAN.replace('export SITE', `${line}\nexport SITE`);
}

describe('lint (real Slurm)', () => {
  before(requireSlurm);
  before(requireShellcheck);

  async function openOnCluster(): Promise<Cli> {
    const { slurmConf } = await sharedCluster();
    return openCli({ SLURM_CONF: slurmConf, PATH: process.env['PATH'] ?? '/usr/bin:/bin' });
  }

  it('reports no problem in a template that Slurm accepts', async () => {
    await using cli = await openOnCluster();
    await cli.write('a.template', CLEAN);

    const { code, stdout, stderr } = await cli.run('lint', '--strict', 'a.template');

    expect(stdout).to.equal('');
    expect(code, stderr).to.equal(0);
    expect(stderr).not.to.include('could not check the job');
  });

  for (const { rule, line, what, text } of PROBLEMS_FOUND_BY_PROGRAMS) {
    it(`reports the problem "${rule}" for: ${what}`, async () => {
      await using cli = await openOnCluster();
      await cli.write('a.template', text);

      const { stdout } = await cli.run('lint', 'a.template');

      expect([...stdout.matchAll(/^a\.template:(\d+):\d+ (\S+) /gm)].map(([, at, by]) => `${by}:${at}`)).to.deep.equal([
        `${rule}:${line}`,
      ]);
    });
  }

  it('reports the error of sbatch --test-only', async () => {
    await using cli = await openOnCluster();
    await cli.write('a.template', withDirective('#SBATCH --container-mage=x'));

    const { code, stdout } = await cli.run('lint', 'a.template');

    expect(code).to.equal(1);
    expect(stdout).to.match(/sbatch-refuses error: sbatch --test-only: .*unrecognized option '--container-mage=x'/);
  });

  it('accepts an option whose value is a placeholder without a default', async () => {
    await using cli = await openOnCluster();
    await cli.write(
      'a.template',
      CLEAN.replace('partition.value:debug', 'partition.value').replace('num_nodes.value:1', 'num_nodes.value'),
    );

    const { code, stdout } = await cli.run('lint', 'a.template');

    expect(stdout).not.to.include('sbatch-refuses');
    expect(code).to.equal(0);
  });

  it('reports an error for every template that sbatch cannot parse', async () => {
    const { slurmConf } = await sharedCluster();
    const clean = TEMPLATE_PROBLEMS.map(({ text }) => lintTemplate('t.template', text)).filter(({ findings }) =>
      findings.every((finding) => severityOf(finding) !== 'error'),
    );

    for (const { parsed } of clean) {
      const script = sampleScript(parsed) ?? '';
      const message = await testOnly(slurmConf, script);
      // Not on this cluster: GPUs, Pyxis, an operator's priority.
      expect(message, script).to.match(
        /^$|Job \d+ to start at|gres|GRES|generic resource|container-image|[Pp]riority|nice|Access\/permission/,
      );
    }
  });
});

function testOnly(slurmConf: string, script: string): Promise<string> {
  return new Promise((resolve) => {
    const options = { env: environmentFor(slurmConf, process.env) };
    const sbatch = execFile('sbatch', ['--test-only', '--ignore-pbs'], options, (_failure, _stdout, stderr) =>
      resolve(stderr),
    );
    sbatch.stdin?.end(script);
  });
}
