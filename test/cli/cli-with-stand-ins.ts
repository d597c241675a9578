// Runs a command line in this process, with a sandbox server and a Slurm stand-in, in a separate directory.
import { expect } from 'chai';
import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startStandInCluster, type StandInCluster } from '../stand-ins/slurm/stand-in-cluster.ts';
import { openCliWithSandbox, type CliWithSandbox } from './cli-with-sandbox.ts';

export interface CliWithStandIns extends CliWithSandbox {
  readonly outside: string;
  readonly slurm: StandInCluster;
  readonly stateDir: string;
  /** Submits the job of a new task with this template, by a daemon that then ends. */
  submitOne(template: string, name?: string): Promise<string>;
}

/** Words that are typed need no `--state-dir`. @param settings more lines of `agent.slurm` */
export async function openCliWithStandIns(
  settings = '',
  environment: Readonly<Record<string, string>> = {},
): Promise<CliWithStandIns> {
  const outside = await realpath(await mkdtemp(join(tmpdir(), 'stand-ins-')));
  const stateDir = join(outside, 'state');
  const slurm = await startStandInCluster({ stateDir: join(outside, 'slurm') });
  const cli = await openCliWithSandbox(
    `agent.slurm { slurm_bin_dir: ${slurm.commandsDir}, state_dir: ${stateDir}\n${settings} }`,
    environment,
  );

  return {
    ...cli,
    outside,
    slurm,
    stateDir,
    async submitOne(template, name = 'a test task') {
      await cli.write('t', template);
      const task = await cli.user.makeTask({ name });
      await cli.user.enqueue(task, await cli.user.makeQueue('gpu'));
      const { code, stderr } = await cli.run('--once', '--queue', 'gpu', '--template-files', 't');
      expect(code, stderr).to.equal(0);
      return task;
    },
    async [Symbol.asyncDispose]() {
      await slurm.close();
      await cli[Symbol.asyncDispose]();
      await rm(outside, { recursive: true, force: true });
    },
  };
}
