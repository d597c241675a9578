// What other Unix users, and the account of the daemon, try against a user map: forged jobs, sudo, and files of others.
import { expect } from 'chai';
import { chmodSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SlurmCluster } from '../support/slurm-cluster.ts';
import { installSudoers, type TestUser } from '../support/users-with-sudo.ts';
import { waitUntil } from '../support/wait-until.ts';
import { SHOW_ALL, sudoers, withUserMapUsers, type UserMapUsers } from './user-map-users.ts';

/** Prints the status of a response from a Unix socket. */
const ASK_SOCKET = `require('node:http').get({ socketPath: process.argv[1], path: '/healthz' }, (response) => {
  process.stdout.write(String(response.statusCode));
  response.resume();
})`;

describe('a daemon with a user map', () => {
  let cluster: SlurmCluster;
  let daemon: TestUser;
  let alice: TestUser;
  let bob: TestUser;
  let mallory: TestUser;
  let createBed: UserMapUsers['createBed'];
  let local: UserMapUsers['local'];
  let jobRows: UserMapUsers['jobRows'];
  withUserMapUsers((users) => {
    ({ cluster, daemon, alice, bob, mallory, createBed, local, jobRows } = users);
  });

  it("ignores another user's job with the job name of a task, and runs no job as root", async () => {
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

    await program.untilLogged('Ignoring a job that has the job name of a task');
    const rows = await jobRows(one);
    expect(rows).to.contain(`${submitted.output.trim()} ${bob.name} chemistry ${bob.home} PENDING`);
    expect(rows.split('\n').filter((row) => row.includes(` ${alice.name} `))).to.have.length(1);
    const everyJob = await cluster.run('squeue', '--states=all', '--noheader', '--format=%u');
    expect(new Set(everyJob.trim().split('\n')))
      .to.not.include('root')
      .and.not.include(daemon.name);
    await world.stop(program);
  });

  it("can use sudo only for Slurm's commands, and only as a mapped user", async () => {
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

  it('passes neither its secrets nor SBATCH_PARTITION through sudo to sbatch', async () => {
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

  it('lets no mapped user read its state, or the clearml.conf and job log of another mapped user', async () => {
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
      join(world.folder, 'state/audit/daemon.jsonl'),
      join(alice.home, 'clearml.conf'),
      join(alice.home, `slurm-${job}.out`),
    ])
      expect((await bob.run('cat', path)).output, path).to.contain('Permission denied');
    await world.stop(program);
  });

  it('protects its tasks, files and socket from a Unix user who is not in the map', async () => {
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
});
