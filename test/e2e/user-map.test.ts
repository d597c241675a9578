// Tasks of several owners as jobs of several Unix users: real sudo with the printed file, real accounting, locally and over SSH.
// The first test and those of doctor and ssh2 have the real clearml-agent.
import { expect } from 'chai';
import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SlurmCluster } from '../support/slurm-cluster.ts';
import { prepareUserSsh, type UserSsh } from '../support/ssh-master.ts';
import { startSshd, targetOf } from '../support/sshd.ts';
import { installSudoers, type TestUser } from '../support/users-with-sudo.ts';
import { waitUntil } from '../support/wait-until.ts';
import { NODE_PROBLEMS } from '../doctor/cluster-problems.ts';
import { readReport } from '../cli/doctor-report.ts';
import type { Bed } from './user-map-bed.ts';
import { AGENT, CANARY, SHOW_ALL, STAND_IN, sudoers, withUserMapUsers, type UserMapUsers } from './user-map-users.ts';
import type { Wishes } from './world.ts';

describe('a daemon with a user map', () => {
  let cluster: SlurmCluster;
  let daemon: TestUser;
  let alice: TestUser;
  let bob: TestUser;
  let shared: string;
  let createBed: UserMapUsers['createBed'];
  let local: UserMapUsers['local'];
  let jobRows: UserMapUsers['jobRows'];
  withUserMapUsers((users) => {
    ({ cluster, daemon, alice, bob, shared, createBed, local, jobRows } = users);
  });

  async function checkTasks(bed: Bed): Promise<void> {
    const { world, people } = bed;
    const one = await bed.enqueue(people.alice, SHOW_ALL);
    const two = await bed.enqueue(people.bob, SHOW_ALL);
    const three = await bed.enqueue(people.carol, SHOW_ALL);
    const four = await bed.enqueue(people.alice, 'import time\nprint("begun", flush=True)\ntime.sleep(3600)');
    const program = await bed.serve();

    for (const [task, user, account] of [
      [one, alice, 'physics'],
      [two, bob, 'chemistry'],
    ] as const) {
      await world.untilStatus(task, 'completed');
      await world.untilConsole(task, `as uid ${String(user.uid)}`);
      await world.untilConsole(task, 'ended COMPLETED');
      const [job = '', ...facts] = (await jobRows(task)).split(' ');
      expect(facts.slice(0, 3)).to.deep.equal([user.name, account, user.home]);
      const log = statSync(join(user.home, `slurm-${job}.out`));
      expect([log.uid, log.mode & 0o777]).to.deep.equal([user.uid, 0o600]);
      const text = await world.user.console(task);
      expect(text).to.not.contain(CANARY.CLEARML_CANARY).and.not.contain('SUDO_');
      expect(text).to.not.contain(world.home);
    }
    await world.untilStatus(three, 'failed');
    await world.untilConsole(three, /Not submitted: ClearML user [0-9a-f]+ is not in agent\.slurm\.user_map/);
    expect(await jobRows(three)).to.equal('');

    await world.untilConsole(four, 'begun');
    await people.alice.api('tasks.stop', { task: four });
    await world.untilStatus(four, 'stopped');
    await waitUntil('the job to be gone', async () => !/ (RUNNING|COMPLETING|PENDING) /.test(await jobRows(four)));
    await world.stop(program);
  }

  it("runs each task as the Unix user of its owner, with that user's Slurm account and API key", async () => {
    await using bed = await createBed(local());
    await installSudoers(await sudoers(bed));
    await checkTasks(bed);
  });

  it('leaves tasks queued and logs one warning while the sudoers file is missing', async () => {
    await using bed = await createBed(local(STAND_IN));
    const { world, people } = bed;
    const file = await sudoers(bed);
    const one = await bed.enqueue(people.alice, 'print("hello")', { partition: 'down' });
    const program = await bed.serve();

    const startedAt = performance.now();
    await world.untilConsole(one, 'sudo refused to run /usr/bin/sbatch as');
    await world.untilConsole(one, 'install the output of clearml-agent-slurm sudoers there');
    expect((await world.user.look(one)).status).to.equal('queued');

    await installSudoers(file);
    const minutes = Math.floor((performance.now() - startedAt) / 60_000);
    // Read again, the configuration holds no user back; the partition starts no job.
    program.signal('SIGHUP');
    await waitUntil('the job to wait', async () => (await jobRows(one)).includes(' PENDING '));
    await people.alice.api('tasks.stop', { task: one });
    await waitUntil('the job to be cancelled', async () => (await jobRows(one)).includes(' CANCELLED '));
    await world.stop(program);
    // Only when the program has ended has its whole log been read.
    // Without the file, the daemon tries again after a minute.
    expect(program.log().split('sudo refused a submission').length - 1).to.be.within(1, 1 + minutes);
  });

  it("shows the end of a failed job's log in the console even if only the mapped user can read the log", async () => {
    await using bed = await createBed(local(STAND_IN));
    await installSudoers(await sudoers(bed));
    const { world, people } = bed;
    const text = readFileSync(bed.template, 'utf8');
    const failing = 'export CLEARML_SLURM_REPORT_SECONDS=600\necho "no such module: cuda"\nexit 7\n';
    writeFileSync(bed.template, text.replace('${CLEARML_AGENT_EXECUTE}', `${failing}$&`));
    const task = await bed.enqueue(people.alice, SHOW_ALL);
    const program = await bed.serve();

    await world.untilStatus(task, 'failed');

    await world.untilConsole(
      task,
      /The job ended with exit code 7\. The last lines of its log:[^]*no such module: cuda/,
    );
    await world.untilConsole(task, new RegExp(`log\\s+belongs\\s+to\\s+${alice.name}`));
    await world.stop(program);
  });

  it("makes a check of doctor fail if the sudoers file or a mapped user's clearml.conf is missing", async () => {
    await using bed = await createBed(local());
    const { world } = bed;
    await world.user.makeQueue('slurm_scheduler');
    const file = await sudoers(bed);
    const without = readReport(await world.run('doctor', '--json'));
    expect(without.row('user-map')).to.include({ result: 'failed' });
    expect(without.row('user-map').says).to.contain(`/usr/bin/sbatch as ${alice.name}`);

    await installSudoers(file);
    // No job runs as the daemon's user, who needs no Slurm account: the template is checked as a mapped user.
    await cluster.run('sacctmgr', '--immediate', 'delete', 'user', daemon.name, 'Account=service');
    bed.rewrite((text) =>
      text.replace(
        'poll_interval_sec',
        `template_files: ["${bed.template}"]\n queues: ["${world.nameOf('users')}"]\n poll_interval_sec`,
      ),
    );
    const ready = readReport(await world.run('doctor', '--json', '--on-node', '--as', alice.name));
    expect(ready.row('user-map')).to.include({ result: 'ok' });
    expect(ready.row('accounts')).to.include({ result: 'skipped' });
    expect(ready.row('templates'), JSON.stringify(ready)).to.include({ result: 'ok' });
    expect(ready.row('user-job'), JSON.stringify(ready)).to.include({ result: 'ok' });

    rmSync(join(bob.home, 'clearml.conf'));
    const missing = readReport(await world.run('doctor', '--json', '--on-node', '--as', bob.name));
    expect(missing.row('user-job')).to.include({ result: 'failed' });
    expect(missing.row('user-job').says).to.match(NODE_PROBLEMS.noOwnConfiguration.says);
    await cluster.run('sacctmgr', '--immediate', 'add', 'user', daemon.name, 'Account=service');
  });

  describe('(cluster with PrivateData=jobs)', () => {
    before(() => cluster.change({ extraLines: ['PrivateData=jobs'] }));
    after(() => cluster.change({ extraLines: [] }));

    it('runs each task as the Unix user of its owner', async () => {
      await using bed = await createBed(local(STAND_IN));
      const file = await sudoers(bed);
      expect(file).to.contain('/usr/bin/squeue').and.to.contain('/usr/bin/scontrol');
      await installSudoers(file);
      await checkTasks(bed);
    });

    it('holds only the tasks of the mapped user for whom squeue fails', async () => {
      await using bed = await createBed(local(STAND_IN));
      const { world, people } = bed;
      const file = await sudoers(bed);
      await installSudoers(file);
      const running = await bed.enqueue(people.alice, 'import time\nprint("begun", flush=True)\ntime.sleep(3600)');
      const program = await bed.serve();
      await world.untilConsole(running, 'begun');
      const before = await jobRows(running);

      await installSudoers(`${file}${daemon.name} ALL = (${alice.name}) !/usr/bin/squeue\n`);
      await program.untilLogged('Cannot list the jobs of a user');
      const waiting = await bed.enqueue(people.alice, SHOW_ALL);
      const others = await bed.enqueue(people.bob, SHOW_ALL);
      await world.untilStatus(others, 'completed');
      await world.untilConsole(others, 'ended COMPLETED');
      expect((await world.user.look(waiting)).status).to.equal('queued');
      expect(await jobRows(waiting)).to.equal('');
      expect((await world.user.look(running)).status).to.equal('in_progress');
      expect(await jobRows(running)).to.equal(before);

      await installSudoers(file);
      await world.untilStatus(waiting, 'completed');
      await people.alice.api('tasks.stop', { task: running });
      await world.untilStatus(running, 'stopped');
      await waitUntil('the job to be gone', async () => !/ (RUNNING|COMPLETING) /.test(await jobRows(running)));
      await world.stop(program);
    });
  });

  it('applies a new entry of the user map after SIGHUP', async () => {
    await using bed = await createBed(local(STAND_IN));
    await installSudoers(await sudoers(bed));
    const program = await bed.serve();
    bed.rewrite((text) => text.replace('user_map {', `user_map { Carol: ${bob.name},`));
    program.signal('SIGHUP');
    await program.untilLogged('Serving', 2);

    const task = await bed.enqueue(bed.people.carol, SHOW_ALL);

    await bed.world.untilConsole(task, /searched.*with agent\.slurm\.user_map|as uid/);
    expect(await jobRows(task)).to.contain(` ${bob.name} `);
    await bed.world.stop(program);
  });

  for (const provider of ['ssh2', 'openssh'] as const) {
    it(`runs each task over ${provider} as the Unix user of its owner, with sudo on the login node`, async () => {
      await using login = await startSshd();
      const ssh: UserSsh = prepareUserSsh(targetOf(login, daemon));
      try {
        if (provider === 'openssh') await ssh.openMaster();
        await using bed = await createBed(overSsh(ssh, provider));
        await installSudoers(await sudoers(bed));
        await checkTasks(bed);
      } finally {
        await ssh[Symbol.asyncDispose]();
      }
    });
  }

  function overSsh(ssh: UserSsh, provider: string): Wishes {
    // The home of the world is not the one in which ssh looks for its configuration.
    writeFileSync(join(shared, 'ssh'), `#!/bin/sh\nexec /usr/bin/ssh -F ${ssh.config} "$@"\n`, { mode: 0o755 });
    return {
      cluster: { ...cluster, env: { ...CANARY, PATH: `${shared}:${process.env['PATH'] ?? '/usr/bin:/bin'}` } },
      // The real agent costs seconds of processor time for each job: once over SSH is enough.
      python: join(shared, provider === 'ssh2' ? AGENT : STAND_IN),
      slurm: `clusters { far { host: cluster, provider: ${provider}, slurm_conf: ${cluster.slurmConf} } }`,
    };
  }
});
