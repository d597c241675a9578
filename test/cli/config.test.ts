// `config`: what it prints besides the settings.
import { expect } from 'chai';
import { chmod } from 'node:fs/promises';
import { openCli } from './open-cli.ts';

describe('the config command', () => {
  it('prints only the value to stdout, and warnings about the configuration to stderr', async () => {
    await using cli = await openCli({ SBATCH_PARTITION: 'gpu' });
    const file = await cli.write('clearml.conf', 'include "site.conf"\nagent.slurm.queues: [gpu]\n');
    await chmod(file, 0o600);

    const { code, stdout, stderr } = await cli.run('config', 'agent.slurm.queues');

    expect({ code, stdout }).to.deep.equal({ code: 0, stdout: '["gpu"]\n' });
    expect(stderr.trim().split('\n')).to.deep.equal([
      'clearml-agent-slurm: SBATCH_PARTITION is set, but the daemon does not pass it to sbatch: write the option into the template.',
      `clearml-agent-slurm: ${file} includes site.conf, which does not exist.`,
    ]);
  });
});
