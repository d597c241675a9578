// Tasks of several owners as jobs of several Unix users: real sudo with the printed file, real accounting, locally and over SSH.
import { expect } from 'chai';
import { chmodSync, cpSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import {
  agentPython,
  requireAccounting,
  requireAgent,
  requireRoot,
  requireSshd,
  requireSudo,
} from '../support/skip-unless.ts';
import { startSlurmCluster, type SlurmCluster } from '../support/slurm-cluster.ts';
import { prepareUserSsh, type UserSsh } from '../support/ssh-master.ts';
import { startSshd, targetOf } from '../support/sshd.ts';
import { addUser, installSudoers, removeSudoers, removeUser, type TestUser } from '../support/users-with-sudo.ts';
import { waitUntil } from '../support/wait-until.ts';
import { NODE_PROBLEMS } from '../doctor/cluster-problems.ts';
import { readReport } from '../cli/doctor-report.ts';
import { openUserMapBed, type Bed } from './user-map-bed.ts';
import type { Wishes } from './world.ts';

/** The Python with the real clearml-agent. */
const AGENT = 'test/fixtures/agent/python';

/** A variable of the daemon that no job may see. */
const CANARY = { CLEARML_CANARY: 'the-canary-of-the-daemon' };

/** Prints the status of a response from a Unix socket. */
const ASK_SOCKET = `require('node:http').get({ socketPath: process.argv[1], path: '/healthz' }, (response) => {
  process.stdout.write(String(response.statusCode));
  response.resume();
})`;

const SHOW_ALL = 'import os\nprint("as uid", os.getuid(), sorted(os.environ.items()), flush=True)';

describe('a user map', () => {
  before(requireAccounting);
  before(requireAgent);
  before(requireSshd);
  before(requireSudo);
  before(requireRoot);

  let cluster: SlurmCluster;
  let daemon: TestUser;
  let alice: TestUser;
  let bob: TestUser;
  /** Not in the map. */
  let mallory: TestUser;
  let shared: string;

  before(async () => {
    cluster = await startSlurmCluster({ hasAccounting: true });
    const add = (): Promise<TestUser> => addUser(cluster.env);
    [daemon, alice, bob, mallory] = [await add(), await add(), await add(), await add()];
    const sacctmgr = (...args: string[]): Promise<string> => cluster.run('sacctmgr', '--immediate', 'add', ...args);
    for (const [user, account] of [
      [alice, 'physics'],
      [bob, 'chemistry'],
      [daemon, 'service'],
      [mallory, 'guests'],
    ] as const) {
      await sacctmgr('account', account, 'Cluster=loopback');
      await sacctmgr('user', user.name, `Account=${account}`, `DefaultAccount=${account}`);
    }
    // Readable for every user, and writable for root only.
    shared = mkdtempSync('/tmp/user-map-');
    chmodSync(shared, 0o755);
    cpSync(resolve(AGENT), join(shared, AGENT));
    cpSync(join(agentPython(), '../../lib'), join(shared, '.test-cache/agent-venv/lib'), { recursive: true });
  });

  afterEach(async () => {
    removeSudoers();
    for (const user of [daemon, alice, bob, mallory]) await cluster.run('scancel', '--user', user.name);
  });

  after(async () => {
    await cluster.stop();
    for (const user of [daemon, alice, bob, mallory]) await removeUser(user);
    rmSync(shared, { recursive: true, force: true });
  });

  function createBed(wishes: Wishes): Promise<Bed> {
    return openUserMapBed({ alice, bob }, wishes);
  }

  function local(): Wishes {
    return { owner: daemon, python: join(shared, AGENT), cluster: { ...cluster, env: { ...cluster.env, ...CANARY } } };
  }

  async function sudoers({ world }: Bed): Promise<string> {
    const { code, stdout, stderr } = await world.run('sudoers');
    expect(code, stderr).to.equal(0);
    return stdout;
  }

  function jobRows(task: string): Promise<string> {
    return cluster.run('squeue', '--states=all', '--noheader', '--format=%A %u %a %Z %T %j').then((rows) =>
      rows
        .split('\n')
        .filter((row) => row.includes(task))
        .join('\n'),
    );
  }

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

  it('runs the task of each owner as their Unix user, in their account, with their key', async () => {
    await using bed = await createBed(local());
    await installSudoers(await sudoers(bed));
    await checkTasks(bed);
  });

  it('keeps the tasks in their queue with one message while the sudoers file is missing, and cancels a job as its Unix user', async () => {
    await using bed = await createBed(local());
    const { world, people } = bed;
    const file = await sudoers(bed);
    const one = await bed.enqueue(people.alice, 'print("hello")', { partition: 'down' });
    const program = await bed.serve();

    await world.untilConsole(one, 'sudo refused /usr/bin/sbatch as');
    await world.untilConsole(one, 'install the output of clearml-agent-slurm sudoers there');
    expect((await world.user.look(one)).status).to.equal('queued');
    expect(program.log().split('sudo refused a submission').length).to.equal(2);

    await installSudoers(file);
    // Read again, the configuration holds no user back; the partition starts no job.
    program.signal('SIGHUP');
    await waitUntil('the job to wait', async () => (await jobRows(one)).includes(' PENDING '));
    await people.alice.api('tasks.stop', { task: one });
    await waitUntil('the job to be cancelled', async () => (await jobRows(one)).includes(' CANCELLED '));
    await world.stop(program);
  });

  it('lets no job of another user stand in for a task, and no user property change the user of a job', async () => {
    await using bed = await createBed(local());
    const { world, people } = bed;
    await installSudoers(await sudoers(bed));
    const one = await people.alice.makeTask({ code: SHOW_ALL });
    // Slurm shows the names of all jobs, so a user can give a job the name of any task.
    const forged = `clearml_task_${one}-${Date.now().toString(36)}mark10000`;
    const submitted = await bob.run('sbatch', '--parsable', '--hold', `--job-name=${forged}`, '--wrap=true');
    expect(submitted.code, submitted.output).to.equal(0);
    await people.alice.enqueue(one, bed.queue);
    const others = await Promise.all(
      ['debug --uid=0', 'debug\n#SBATCH --uid=0', '--uid=0'].map((partition) =>
        bed.enqueue(people.alice, SHOW_ALL, { partition }),
      ),
    );

    const program = await bed.serve();
    await world.untilStatus(one, 'completed');
    for (const task of others)
      await world.until(task, 'the task to end', ({ status }) => status !== 'queued' && status !== 'in_progress');

    expect(program.log()).to.contain("Ignoring a job that is named like a task's job");
    const rows = await jobRows(one);
    expect(rows).to.contain(`${submitted.output.trim()} ${bob.name} chemistry ${bob.home} PENDING`);
    expect(rows.split('\n').filter((row) => row.includes(` ${alice.name} `))).to.have.length(1);
    const everyJob = await cluster.run('squeue', '--states=all', '--noheader', '--format=%u');
    expect(new Set(everyJob.trim().split('\n')))
      .to.not.include('root')
      .and.not.include(daemon.name);
    await world.stop(program);
  });

  it('gives the account of the daemon these commands as these users, and nothing else', async () => {
    await using bed = await createBed(local());
    await installSudoers(await sudoers(bed));
    const sudo = async (...words: string[]): Promise<number> => (await daemon.run('sudo', '-n', ...words)).code;
    const allowed = ['-u', alice.name, '--', '/usr/bin/sbatch', '--version'];
    expect(await sudo(...allowed)).to.equal(0);

    for (const words of [
      ['id'],
      ['-u', alice.name, 'id'],
      ['-u', alice.name, '/bin/sh', '-c', 'id'],
      ['-u', alice.name, '-i'],
      ['-u', alice.name, '-s'],
      ['-u', alice.name, '/usr/bin/srun', '--version'],
      ['-u', alice.name, '-g', 'root', '/usr/bin/sbatch', '--version'],
      ['-u', 'root', '/usr/bin/sbatch', '--version'],
      ['-u', '#0', '/usr/bin/sbatch', '--version'],
      ['-u', 'nobody', '/usr/bin/sbatch', '--version'],
      ['-E', ...allowed],
      ['LD_PRELOAD=/tmp/x.so', ...allowed],
      ['-e', '-u', alice.name, '/etc/hosts'],
    ])
      expect(await sudo(...words), words.join(' ')).to.not.equal(0);
    for (const user of [alice, bob]) {
      const { code } = await user.run('sudo', '-n', '-u', daemon.name, '/usr/bin/sbatch', '--version');
      expect(code, 'a mapped user gets nothing').to.not.equal(0);
    }
  });

  it('passes no variable of the account of the daemon to a command, except with the values of the daemon', async () => {
    await using bed = await createBed(local());
    await installSudoers(await sudoers(bed));
    const set = [
      'CLEARML_API_SECRET_KEY=stolen',
      'KRB5CCNAME=/tmp/x',
      'SBATCH_PARTITION=cheap',
      'SLURM_UMASK=0000',
      'TZ=Asia/Tokyo',
      `SLURM_CONF=${String(cluster.env['SLURM_CONF'])}`,
    ];
    const words = ['-n', '-H', '-u', alice.name, '--', '/usr/bin/sbatch', '--parsable', `--chdir=${alice.home}`];
    const { code, output } = await daemon.run('env', ...set, 'sudo', ...words, '--output=env.txt', '--wrap=env; umask');
    expect(code, output).to.equal(0);
    const state = (): Promise<string> =>
      cluster.run('squeue', '--states=all', '--noheader', `--jobs=${output.trim()}`, '--format=%T');
    await waitUntil('the job to end', async () => (await state()).trim() === 'COMPLETED');

    const text = readFileSync(join(alice.home, 'env.txt'), 'utf8');
    for (const secret of ['stolen', 'KRB5CCNAME', 'SBATCH_PARTITION', 'TZ=']) expect(text).to.not.contain(secret);
    expect(text)
      .to.contain(`HOME=${alice.home}`)
      .and.to.match(/^0022$/m);
  });

  it('lets no mapped user read the keys, the state or the log of another user or of the daemon', async () => {
    await using bed = await createBed(local());
    await installSudoers(await sudoers(bed));
    const { world, people } = bed;
    const task = await bed.enqueue(people.alice, SHOW_ALL);
    const program = await bed.serve();
    await world.untilStatus(task, 'completed');
    const [job = ''] = (await jobRows(task)).split(' ');

    for (const path of [
      bed.conf,
      bed.template,
      join(world.folder, 'state'),
      join(world.folder, 'state/journal.jsonl'),
      join(alice.home, 'clearml.conf'),
      join(alice.home, `slurm-${job}.out`),
    ])
      expect((await bob.run('cat', path)).output, path).to.contain('Permission denied');
    await world.stop(program);
  });

  it('protects tasks and the daemon from a Unix user who is not in the map', async () => {
    await using bed = await createBed(local());
    await installSudoers(await sudoers(bed));
    const { world, people } = bed;
    const socket = join(world.folder, 'state/http.sock');
    bed.rewrite((text) =>
      text.replace('poll_interval_sec', `max_jobs: 2\n http { unix_socket: "${socket}" }\n poll_interval_sec`),
    );
    const refused = async (...command: readonly [string, ...string[]]): Promise<string> => {
      const { code, output } = await mallory.run(...command);
      expect(code, `${command.join(' ')}: ${output}`).to.not.equal(0);
      return output;
    };
    // Slurm shows the names of all jobs, so a user can give a job the name of any task.
    const one = await people.alice.makeTask({ code: 'import time\nprint("begun", flush=True)\ntime.sleep(3600)' });
    const two = await people.bob.makeTask({ code: SHOW_ALL });
    const forge = async (task: string, number: number): Promise<string> => {
      const name = `clearml_task_${task}-${(Date.now() + number).toString(36)}mark10000`;
      const { code, output } = await mallory.run('sbatch', '--parsable', '--hold', `--job-name=${name}`, '--wrap=true');
      expect(code, output).to.equal(0);
      return output.trim();
    };
    const forged = [await forge(one, 1), await forge(one, 2), await forge(two, 3)];
    await people.alice.enqueue(one, bed.queue);
    const program = await bed.serve();
    await world.untilConsole(one, 'begun');
    const mine = (await jobRows(one)).split('\n').find((row) => row.includes(` ${alice.name} `)) ?? '';
    const [job = '', , , , , name = ''] = mine.split(' ');

    // The directories around them let everybody pass: what protects the files is that the daemon made them private.
    chmodSync(world.folder, 0o755);
    chmodSync(world.home, 0o755);
    const files = ['journal.jsonl', 'audit/daemon.jsonl', 'http-token', 'history', 'lock'];
    for (const path of [bed.conf, socket, ...files.map((file) => join(world.folder, 'state', file))])
      expect(await refused('cat', path), path).to.contain('Permission denied');
    await refused('ls', join(world.folder, 'state'));
    const ask = [process.execPath, '-e', ASK_SOCKET, socket] as const;
    expect(await refused(...ask)).to.contain('EACCES');
    expect((await daemon.run(...ask)).output).to.match(/^\d{3}$/);
    const daemonPid = (await daemon.run('pgrep', '--oldest', '-u', daemon.name, 'node')).output.trim();
    expect(await refused('cat', `/proc/${daemonPid}/environ`)).to.contain('Permission denied');

    for (const user of [daemon, alice, bob])
      await refused('sudo', '-n', '-u', user.name, '--', '/usr/bin/sbatch', '--version');
    await mallory.run('scancel', job);
    await mallory.run('scancel', `--name=${name}`);
    await refused('scontrol', 'update', `jobid=${job}`, 'timelimit=1');
    await refused('scontrol', 'requeue', job);
    await refused('sbatch', `--uid=${alice.uid}`, '--wrap=true');
    await people.bob.enqueue(two, bed.queue);
    await world.untilStatus(two, 'completed');

    expect((await world.user.look(one)).status).to.equal('in_progress');
    expect((await jobRows(one)).split('\n')).to.include(mine);
    for (const id of forged)
      expect(await cluster.run('squeue', '--noheader', `--jobs=${id}`, '--format=%u %T')).to.contain(
        `${mallory.name} PENDING`,
      );
    await people.alice.api('tasks.stop', { task: one });
    await world.untilStatus(one, 'stopped');
    await world.stop(program);
  });

  it('is checked by doctor: the users, sudo, and a job of one user up to its task', async () => {
    await using bed = await createBed(local());
    const { world } = bed;
    await world.user.makeQueue('slurm_scheduler');
    const file = await sudoers(bed);
    const without = readReport(await world.run('doctor', '--json'));
    expect(without.row('user-map')).to.include({ result: 'failed' });
    expect(without.row('user-map').says).to.contain(`/usr/bin/sbatch as ${alice.name}`);

    await installSudoers(file);
    const ready = readReport(await world.run('doctor', '--json', '--on-node', '--as', alice.name));
    expect(ready.row('user-map')).to.include({ result: 'ok' });
    expect(ready.row('user-job'), JSON.stringify(ready)).to.include({ result: 'ok' });

    rmSync(join(bob.home, 'clearml.conf'));
    const missing = readReport(await world.run('doctor', '--json', '--on-node', '--as', bob.name));
    expect(missing.row('user-job')).to.include({ result: 'failed' });
    expect(missing.row('user-job').says).to.match(NODE_PROBLEMS.noOwnConfiguration.says);
  });

  it('does the same if Slurm hides the jobs of other users', async () => {
    await cluster.change({ extraLines: ['PrivateData=jobs'] });
    try {
      await using bed = await createBed(local());
      const file = await sudoers(bed);
      expect(file).to.contain('/usr/bin/squeue').and.to.contain('/usr/bin/scontrol');
      await installSudoers(file);
      await checkTasks(bed);
    } finally {
      await cluster.change({ extraLines: [] });
    }
  });

  it('reads a new entry of the map on SIGHUP', async () => {
    await using bed = await createBed(local());
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
    it(`runs the task of each owner as their Unix user over ${provider}, with sudo on the login node`, async () => {
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
      python: join(shared, AGENT),
      slurm: `clusters { far { host: cluster, provider: ${provider}, slurm_conf: ${cluster.slurmConf} } }`,
    };
  }
});
