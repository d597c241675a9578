// `logs`: the last lines of a job's output, the rest with --follow, and a message if there is no output.
import { expect } from 'chai';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { controllerDown, planFault, slow } from '../stand-ins/slurm/faults.ts';
import { builtProgram } from '../support/built-program.ts';
import { waitUntil } from '../support/wait-until.ts';
import { openCliWithStandIns, type CliWithStandIns } from './cli-with-stand-ins.ts';

describe('the logs command', () => {
  let cli: CliWithStandIns;

  beforeEach(async () => {
    cli = await openCliWithStandIns();
  });
  afterEach(() => cli[Symbol.asyncDispose]());

  /** Submits a task whose job runs these lines and nothing of the task. */
  function submitOne(lines: string): Promise<string> {
    return cli.submitOne(
      `#!/bin/bash\n#SBATCH --output=${cli.outside}/%j.out\n${lines}\nexit 0\n\${CLEARML_PRE_SETUP}\n\${CLEARML_AGENT_EXECUTE}\n\${CLEARML_POST_SETUP}\n`,
    );
  }

  async function untilLogContains(task: string, text: string): Promise<void> {
    await waitUntil(`the log to say ${text}`, async () => (await cli.run('logs', task)).stdout.includes(text));
  }

  /** Each call of scontrol has taken one. */
  async function untilFaultsAreOver(): Promise<void> {
    const file = join(cli.slurm.stateDir, 'faults.json');
    await waitUntil('the calls of scontrol', () => Promise.resolve(readFileSync(file, 'utf8') === '[]'));
  }

  /** On a slow machine, the program may give up reading the log. */
  async function printed(...args: string[]): Promise<Awaited<ReturnType<typeof cli.run>>> {
    return waitUntil('the log to be read', async () => {
      const ended = await cli.run('logs', ...args);
      return ended.code === 0 && ended;
    });
  }

  it("prints the last 100 lines of the job's log, or as many lines as -n requests", async () => {
    const task = await submitOne('seq 1 250');
    await untilLogContains(task, '\n250\n');

    const some = await printed(task, '-n', '2');
    const usual = await printed(task);

    expect(some).to.include({ code: 0, stdout: '249\n250\n' });
    expect(some.stderr).to.match(/^Log of Slurm job \d+ \(\w+\): \S*\/\d+\.out on this machine$/m);
    expect(usual.stdout.split('\n').slice(0, 2)).to.deep.equal(['151', '152']);
  });

  it('with --follow prints new lines until the job has ended', async () => {
    const task = await submitOne(
      `echo begun; until test -e ${cli.outside}/go; do sleep 0.1; done; printf 'ende\\u00f1'`,
    );
    await untilLogContains(task, 'begun');

    const following = cli.run('logs', task, '--follow');
    await writeFile(join(cli.outside, 'go'), '');

    const { code, stdout } = await following;
    expect(code).to.equal(0);
    expect(stdout).to.match(/^clearml: job \d+ begins \(\d+\)\nbegun\nendeñ$/);
  });

  it('with --follow prints all of the 9 MB that a job writes just before its end', async () => {
    const task = await submitOne(
      `echo begun; until test -e ${cli.outside}/go; do sleep 0.1; done; head -c 9000000 /dev/zero | tr '\\0' x; echo; echo end`,
    );
    await untilLogContains(task, 'begun');

    planFault(cli.slurm.stateDir, { ...slow('scontrol', 0), times: 2 });
    const following = cli.run('logs', task, '--follow');
    await untilFaultsAreOver();
    await writeFile(join(cli.outside, 'go'), '');

    const { stdout } = await following;
    expect(stdout.length).to.be.above(9_000_000);
    expect(stdout.endsWith('x\nend\n')).to.equal(true);
  });

  it('with --follow ends when the output pipe is closed', async () => {
    const task = await submitOne(
      `echo begun; until test -e ${cli.outside}/go; do sleep 0.1; done; while :; do echo more; sleep 1; done`,
    );
    await untilLogContains(task, 'begun');
    const command = [builtProgram(), 'logs', task, '--follow', '--config-file', join(cli.folder, 'clearml.conf')];
    const child = spawn(process.execPath, command, { stdio: ['ignore', 'pipe', 'ignore'], env: { HOME: cli.folder } });
    const ended = once(child, 'exit');
    await once(child.stdout, 'data');
    child.stdout.destroy();

    await writeFile(join(cli.outside, 'go'), '');

    expect(await ended).to.deep.equal([0, null]);
  });

  it('with --follow logs one warning while Slurm does not respond, and continues', async () => {
    const task = await submitOne(`echo begun; until test -e ${cli.outside}/go; do sleep 0.1; done; echo end`);
    await untilLogContains(task, 'begun');
    // The first call finds the log; the next two are of --follow.
    planFault(cli.slurm.stateDir, slow('scontrol', 0));
    planFault(cli.slurm.stateDir, { ...controllerDown('scontrol'), times: 2 });
    const following = cli.run('logs', task, '--follow');
    await untilFaultsAreOver();
    await writeFile(join(cli.outside, 'go'), '');

    const { code, stdout, stderr } = await following;
    expect(code, stderr).to.equal(0);
    expect(stdout).to.match(/^clearml: job \d+ begins \(\d+\)\nbegun\nend\n$/);
    expect(stderr.match(/still following/g), stderr).to.have.length(1);
  });

  it('finds the job by its name if the journal is lost', async () => {
    const task = await submitOne('echo begun; sleep 1000');
    await untilLogContains(task, 'begun');
    await rm(cli.stateDir, { recursive: true });

    const { stdout } = await printed(task);
    expect(stdout).to.match(/^clearml: job \d+ begins \(\d+\)\nbegun\n$/);
  });

  for (const [what, away] of [
    ['does not respond', '{ slurm_bin_dir: /none }'],
    ['has an invalid SSH configuration', '{ host: login1, jump: "no host" }'],
  ] as const)
    it(`finds the job by task id and by job id even if another cluster ${what}`, async () => {
      await using both = await openCliWithStandIns(
        `clusters { away ${away}, here {} }, queues { gpu { cluster: here } }`,
      );
      await both.write(
        't',
        `#!/bin/bash\n#SBATCH --output=${both.outside}/%j.out\nsleep 1000\n\${CLEARML_PRE_SETUP}\n\${CLEARML_AGENT_EXECUTE}\n\${CLEARML_POST_SETUP}\n`,
      );
      const task = await both.user.makeTask({ name: 'a test task' });
      await both.user.enqueue(task, await both.user.makeQueue('gpu'));
      const ended = await both.run('--once', '--cluster', 'here', '--template-files', 't');
      expect(ended.code, ended.stderr).to.equal(0);
      const [job] = both.slurm.controller.remembered();

      for (const named of [task, String(job?.id)]) {
        const { code, stderr } = await both.run('logs', named);
        expect(stderr, named).to.include(`Slurm job ${String(job?.id)} `);
        expect(code, stderr).to.be.lessThan(2);
      }
    });

  it('refers the user to the node if the log does not exist on this machine', async () => {
    const task = await submitOne(`rm ${cli.outside}/*.out; sleep 1000`);

    await waitUntil('the log to be gone', async () => {
      const { code, stderr } = await cli.run('logs', task);
      return code === 1 && /\d+\.out cannot be read on this machine: .* Read it on the node\./.test(stderr);
    });
  });

  it('reports a timeout if the file system of the log hangs', async () => {
    const task = await submitOne('echo begun; sleep 1000');
    await untilLogContains(task, 'begun');
    const slowTail = join(cli.slurm.commandsDir, 'tail');
    await writeFile(slowTail, '#!/bin/sh\nexec sleep 1000\n', { mode: 0o755 });

    const { code, stdout, stderr } = await cli.run('logs', task);

    expect(code).to.equal(1);
    expect(stdout).to.equal('');
    expect(stderr).to.match(
      /\d+\.out could not be read in time on this machine: the host or its file system is busy\. Try again\.$/m,
    );
  });

  it("does not follow a symbolic link that replaces the job's log", async () => {
    const task = await submitOne(
      `ln -s ${cli.folder}/clearml.conf ${cli.outside}/l; mv ${cli.outside}/l ${cli.outside}/$SLURM_JOB_ID.out; sleep 1000`,
    );

    await waitUntil('the log to be a link', async () => {
      const { code, stdout, stderr } = await cli.run('logs', task);
      // Before the job replaces it, its log has the first line.
      expect(stdout).to.match(/^(?:clearml: job \d+ begins \(\d+\)\n)?$/);
      return code === 1 && /is not shown because it is a symbolic link: .* of the job's own user\./.test(stderr);
    });
  });

  it("prints the task's console, with a notice, if Slurm no longer knows the job", async () => {
    const task = await submitOne('echo begun; sleep 1000');
    await untilLogContains(task, 'begun');
    cli.slurm.controller.forgetNewest(1);

    const { code, stdout, stderr } = await cli.run('logs', task, '-n', '1');

    expect(code, stderr).to.equal(0);
    expect(stdout).to.match(/^Submitted as Slurm job \d+ .*\n$/);
    expect(stderr)
      .to.include(`No Slurm job of task ${task} is known here`)
      .and.to.include("The end of the task's console in ClearML:");
  });

  it('suggests the status command if no job of the task is known', async () => {
    const { code, stderr } = await cli.run('logs', '0'.repeat(32));

    expect(code).to.equal(1);
    expect(stderr).to.match(/^No Slurm job of task 0{32} is known here: .* See clearml-agent-slurm status/m);
  });

  it('exits with code 2 if the argument TASK is missing', async () => {
    const { code, stderr } = await cli.run('logs');
    expect(code).to.equal(2);
    expect(stderr).to.include('logs needs a TASK: a task id or a unique prefix of it');
  });
});
