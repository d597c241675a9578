// `binaries` as command lines: the daemon and doctor run them with their arguments, and reject one that cannot be split.
import { expect } from 'chai';
import { userInfo } from 'node:os';
import { openCliWithStandIns } from './cli-with-stand-ins.ts';
import { openCli } from './open-cli.ts';

const TEMPLATE = '#!/bin/bash\n${CLEARML_PRE_SETUP}\n${CLEARML_AGENT_EXECUTE}\n${CLEARML_POST_SETUP}\n';

describe('the setting "binaries"', () => {
  it('accepts commands with arguments, such as `squeue -u NAME`', async () => {
    await using cli = await openCliWithStandIns();
    const { username } = userInfo();
    await cli.write('t', TEMPLATE);
    const more = await cli.write(
      'more.conf',
      `include "clearml.conf"\nagent.slurm.binaries { monitor_binary = "squeue -u ${username}", batch_binary = "sbatch --comment='by us'" }`,
    );
    const task = await cli.user.makeTask({});
    await cli.user.enqueue(task, await cli.user.makeQueue('gpu'));
    const options = ['--queue', 'gpu', '--template-files', 't', '--config-file', more];

    const served = await cli.run(...options, '--once');
    const doctor = await cli.run('doctor', '--config-file', more);

    expect(served.code, served.stderr).to.equal(0);
    expect(served.stderr).to.include('Submitted');
    expect(doctor.stdout).to.match(/✔ slurm-commands/);
  });

  for (const line of ["squeue -u 'ada", '  ']) {
    it(`rejects a command that cannot be split into arguments: "${line}"`, async () => {
      await using cli = await openCli();
      await cli.write('clearml.conf', `agent.slurm.binaries.monitor_binary = "${line}"`);

      const { code, stderr } = await cli.run('lint', 't');

      expect(code).to.equal(78);
      expect(stderr).to.include('binaries.monitor_binary must be a command line');
    });
  }
});
