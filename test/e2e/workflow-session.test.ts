// The example of clearml-session: an ordinary user with a key reaches the job through the login node.
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmod, chown, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { CLEARML_SESSION } from '../set-up/agent-venv.mjs';
import { plainly } from '../support/as-user.ts';
import { agentPython, requireAgent, requireRoot, requireSandbox, requireSlurm } from '../support/skip-unless.ts';
import { freePorts } from '../support/loopback-port.ts';
import { startSlurmCluster, type SlurmCluster } from '../support/slurm-cluster.ts';
import { addAccount, removeAccount, startSshd, type TestAccount, type TestSshd } from '../support/sshd.ts';
import { waitUntil } from '../support/wait-until.ts';
import { pythonOf } from './workflow-bed.ts';
import { startWorld, type World } from './world.ts';

const execute = promisify(execFile);

/**
 * Gives /dev/pts the group of terminals, as on every usual Linux: without it, an SSH server of an ordinary user cannot open a terminal.
 * Returns the function that restores it.
 */
async function giveTerminalsTheirGroup(): Promise<() => Promise<void>> {
  const mounts = await readFile('/proc/mounts', 'utf8');
  // Of several mounts on one another, the last is used.
  const [, options = ''] = [...mounts.matchAll(/^\S+ \/dev\/pts devpts (\S+)/gm)].at(-1) ?? [];
  const remount = async (how: string): Promise<void> => {
    await execute('mount', ['-o', `remount,${how}`, '/dev/pts']);
  };
  if (/\bgid=5\b/.test(options)) return () => Promise.resolve();
  await remount('gid=5,mode=620');
  // Options that are not named stay as they are.
  return () => remount(`gid=0,${options}`);
}

describe('a session of clearml-session', () => {
  let cluster: SlurmCluster;
  let loginNode: TestSshd;
  let account: TestAccount;
  let world: World;
  let restoreTerminals: (() => Promise<void>) | undefined;
  const children: ChildProcess[] = [];
  let printed = '';

  before(requireRoot);
  before(requireAgent);
  before(requireSlurm);
  before(requireSandbox);
  before(async () => {
    restoreTerminals = await giveTerminalsTheirGroup();
    // Before the cluster: a root of another release has only the users of its start, and new controllers look up the user of each job.
    account = await addAccount({ shell: '/bin/bash', files: { '.profile': '# mine\n' } });
    cluster = await startSlurmCluster({ gpusPerNode: 4, extraLines: ['PartitionName=gpu Nodes=ALL State=UP'] });
    loginNode = await startSshd();
    await useKeys();
    world = await startWorld({ cluster, owner: account, python: await pythonOf(cluster, account) });
    await world.user.makeQueue('sessions');
    const template = resolve('examples/workflows/session/session.template');
    world.start('--template-files', template, '--queue', world.nameOf('sessions'));
  });
  after(async () => {
    for (const child of children) child.kill('SIGKILL');
    await world[Symbol.asyncDispose]();
    await cluster.stop();
    await removeAccount(account);
    await loginNode[Symbol.asyncDispose]();
    await restoreTerminals?.();
  });

  /** What the README asks for. Here, the user's machine and the cluster share the home directory. */
  async function useKeys(): Promise<void> {
    const { home, uid, keyFile, name } = account;
    const folder = join(home, '.ssh');
    const config = `Host login
  HostName 127.0.0.1
  Port ${loginNode.port}
  UserKnownHostsFile ${loginNode.knownHosts()}
Host *
  User ${name}
  IdentityFile ${keyFile}
  IdentitiesOnly yes
`;
    await mkdir(folder, { mode: 0o700 });
    await writeFile(join(folder, 'config'), config);
    await writeFile(join(folder, 'authorized_keys'), await readFile(`${keyFile}.pub`));
    for (const path of [folder, join(folder, 'config'), keyFile]) await chown(path, uid, uid);
    await chmod(join(home, '.profile'), 0o444);
  }

  function runAsUser(program: string, ...args: readonly string[]): ChildProcess {
    const [command = '', ...become] = plainly(account.name);
    const child = spawn(command, [...become, program, ...args], {
      cwd: account.home,
      env: {
        ...world.environment,
        CLEARML_CONFIG_FILE: join(world.home, 'clearml.conf'),
        PYTHONPATH: CLEARML_SESSION,
        PYTHONUNBUFFERED: '1',
      },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    children.push(child);
    return child;
  }

  /** clearml-session tries again for ever. */
  async function untilPrinted(session: ChildProcess, text: RegExp): Promise<RegExpExecArray> {
    return waitUntil(`clearml-session to print ${String(text)}`, () => text.exec(printed) ?? false, {
      progress: () => printed.length + world.log().length,
      hopeless() {
        if (session.exitCode !== null || session.signalCode !== null) return 'it has ended';
        return printed.split('tunneling failed').length > 50 ? 'it cannot connect' : undefined;
      },
      evidence: () => printed,
    });
  }

  /** The ids of the user's jobs. */
  async function jobs(): Promise<string[]> {
    const ids = await cluster.run('squeue', '--noheader', '--user', account.name, '--format=%A');
    return ids.split('\n').filter((id) => id !== '');
  }

  it('offers an ssh shell in its job through the login node, and ends the job on "shutdown"', async () => {
    const [gateway = 0] = await freePorts(1);
    const without = ['--jupyter-lab', 'false', '--vscode-server', 'false', '--skip-docker-network', 'true'];
    const how = ['--queue', world.nameOf('sessions'), '--remote-gateway', `127.0.0.1:${gateway}`, ...without];
    const session = runAsUser(agentPython(), '-m', 'clearml_session', '--username', account.name, '--yes', ...how);
    for (const stream of [session.stdout, session.stderr])
      stream?.on('data', (chunk: Buffer) => (printed += chunk.toString()));

    const [, task = ''] = await untilPrinted(session, /New session created \[id=([0-9a-f]{32})\]/);
    const way = /On your machine, run: ssh -N -L 10022:(\S+) LOGIN-NODE/;
    await world.untilConsole(task, way);
    const [, node = ''] = way.exec(await world.user.console(task)) ?? [];
    runAsUser('ssh', '-N', '-L', `${gateway}:${node}`, 'login');
    const [, port = ''] = await untilPrinted(session, /SSH: ssh \S+@localhost -p (\d+)/);

    const [job] = await jobs();
    const unknownHost = ['-o', 'StrictHostKeyChecking=no', '-o', 'UserKnownHostsFile=/dev/null'];
    const shell = runAsUser('ssh', ...unknownHost, '-p', port, 'localhost', 'echo "job $SLURM_JOB_ID"');
    let said = '';
    shell.stdout?.on('data', (chunk: Buffer) => (said += chunk.toString()));
    await once(shell, 'close');
    expect(said).to.equal(`job ${job}\n`);
    expect(loginNode.loginCount()).to.equal(1);

    session.stdin?.write('shutdown\n');
    await untilPrinted(session, /Remote session shutdown/);
    await world.untilStatus(task, 'stopped');
    await waitUntil('the job to end', async () => (await jobs()).length === 0, { progress: () => world.log().length });
    expect(await readFile(join(account.home, '.profile'), 'utf8')).to.equal('# mine\n');
  });
});
