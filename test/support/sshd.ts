// Starts a real sshd on loopback for a test, with new host keys, its own configuration, and temporary accounts.
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { SshTarget } from '../../src/transport/ssh-target.ts';
import { startDaemon, type ForegroundDaemon } from './foreground-daemon.ts';
import { killIfAlive } from './job-processes.ts';
import { freePorts, isListening } from './loopback-port.ts';
import { requireRoot, requireSshd } from './skip-unless.ts';
import { waitUntil } from './wait-until.ts';

const execute = promisify(execFile);

export interface TestSshd {
  readonly port: number;
  /** Readable for everybody. */
  readonly folder: string;
  /** `[127.0.0.1]:port` and its host key, for itself and for this port in front of it, as a known_hosts file. */
  knownHosts(port?: number): string;
  /** Another host key from the next connection on. */
  changeHostKey(): Promise<void>;
  /** The number of logins so far. */
  loginCount(): number;
  /** SIGKILL for the listener; connections stay open until `stop`. */
  stop(): Promise<void>;
  /** SIGKILL for the listener and for all connections. */
  crash(): Promise<void>;
  start(): Promise<void>;
  log(): string;
  [Symbol.asyncDispose](): Promise<void>;
}

export interface TestAccount {
  readonly name: string;
  readonly uid: number;
  readonly home: string;
  /** A private key without a passphrase that lets in. */
  readonly keyFile: string;
  /** Also accepted, if the server asks for a password. */
  readonly password: string;
}

/** @param settings lines of sshd_config(5) that come before the ordinary ones, and so win over them */
export async function startSshd(settings: readonly string[] = []): Promise<TestSshd> {
  // Not under a TMPDIR that others cannot enter: sshd becomes the user before it reads keys.
  const folder = mkdtempSync('/tmp/sshd-');
  chmodSync(folder, 0o755);
  mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });
  const [port = 0] = await freePorts(1);
  const hostKey = join(folder, 'host-key');
  await makeKey(hostKey);
  writeFileSync(
    join(folder, 'sshd_config'),
    [
      ...settings,
      `Port ${String(port)}`,
      'ListenAddress 127.0.0.1',
      `HostKey ${hostKey}`,
      `AuthorizedKeysFile ${KEYS}/%u.pub`,
      'UsePAM no',
      'StrictModes no',
      'PidFile none',
      'MaxStartups 100',
      'LogLevel VERBOSE',
      '',
    ].join('\n'),
  );
  const logPath = join(folder, 'sshd.log');
  let daemon: ForegroundDaemon | undefined;

  async function start(): Promise<void> {
    const args = ['-D', '-e', '-f', join(folder, 'sshd_config')];
    daemon = await startDaemon({ program: '/usr/sbin/sshd', args, logPath });
    await daemon.untilReady(() => isListening(port));
  }

  const log = (): string => readFileSync(logPath, 'utf8');
  await start();

  return {
    port,
    folder,
    knownHosts(through = port) {
      const path = join(folder, `known-hosts-${String(through)}`);
      const [type = '', key = ''] = readFileSync(`${hostKey}.pub`, 'utf8').split(' ');
      writeFileSync(path, `[127.0.0.1]:${String(through)} ${type} ${key}\n`);
      return path;
    },
    async changeHostKey() {
      await daemon?.kill();
      // A child of the old server may have the port for a moment.
      await waitUntil('the port to be free', async () => !(await isListening(port)));
      rmSync(hostKey);
      await makeKey(hostKey);
      await start();
    },
    loginCount: () => log().match(/^Accepted (?:publickey|password)/gm)?.length ?? 0,
    async stop() {
      await daemon?.kill();
    },
    async crash() {
      const connections = daemon?.isRunning() === true ? childrenOf(daemon.pid) : [];
      await daemon?.kill();
      for (const pid of connections) killIfAlive(pid);
    },
    start,
    log,
    async [Symbol.asyncDispose]() {
      await daemon?.kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function childrenOf(pid: number): number[] {
  const path = `/proc/${String(pid)}/task/${String(pid)}/children`;
  if (!existsSync(path)) return [];
  const pids = readFileSync(path, 'utf8').split(' ');
  return pids.filter((word) => word !== '').map(Number);
}

/** Where sshd looks for the accounts' public keys. */
const KEYS = `/tmp/ssh-test-keys-${String(process.pid)}`;

export interface AccountOptions {
  readonly shell?: string;
  /** Files in its home, by name, before it is first used. */
  readonly files?: Readonly<Record<string, string>>;
}

/** Needs root. `removeAccount` takes it away again. */
export async function addAccount({ shell = '/bin/sh', files = {} }: AccountOptions = {}): Promise<TestAccount> {
  const name = `cas-${randomBytes(4).toString('hex')}`;
  const password = randomBytes(8).toString('hex');
  const home = join(KEYS, name);
  mkdirSync(home, { recursive: true });
  chmodSync(KEYS, 0o755);
  const { stdout: hash } = await execute('openssl', ['passwd', '-6', password]);
  await execute('useradd', ['--no-create-home', '--home-dir', home, '--shell', shell, '--password', hash.trim(), name]);
  const { stdout: uid } = await execute('id', ['-u', name]);
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(join(home, file, '..'), { recursive: true });
    writeFileSync(join(home, file), text);
  }
  await execute('chown', ['-R', `${name}:`, home]);
  const keyFile = join(KEYS, name + '.key');
  await makeKey(keyFile);
  // %u.pub, beside the home.
  writeFileSync(join(KEYS, `${name}.pub`), readFileSync(`${keyFile}.pub`));
  return { name, uid: Number(uid), home, keyFile, password };
}

export async function removeAccount({ name, uid, home, keyFile }: TestAccount): Promise<void> {
  // A user with processes cannot be removed. A killed process takes a moment to end, and Slurm may just start one more.
  await waitUntil(`user ${name} to have no process and to be removed`, async () => {
    const areGone = await execute('pkill', ['-KILL', '-u', String(uid)]).then(
      () => false,
      () => true,
    );
    return areGone && (await removeUnusedAccount(name));
  });
  for (const path of [home, keyFile, `${keyFile}.pub`, `${home}.pub`]) rmSync(path, { recursive: true, force: true });
  if (readdirSync(KEYS).length === 0) rmdirSync(KEYS);
}

/** False if a process of the user has started since. */
async function removeUnusedAccount(name: string): Promise<boolean> {
  try {
    await execute('userdel', [name]);
  } catch (error) {
    if (String(error).includes('is currently used by process')) return false;
    if (!String(error).includes('does not exist')) throw error;
  }
  return true;
}

/** An SSH key pair without a passphrase, or with one. */
export async function makeKey(file: string, { passphrase = '', type = 'ed25519' } = {}): Promise<void> {
  await execute('ssh-keygen', ['-q', '-t', type, '-N', passphrase, '-C', '', '-f', file]);
}

/** How the account is reached on this server, with its key and the server's host key known. */
export function targetOf(
  sshd: TestSshd,
  account: Pick<TestAccount, 'name' | 'keyFile'>,
  more: Partial<SshTarget> = {},
): SshTarget {
  const port = more.port ?? sshd.port;
  return {
    name: 'cluster',
    host: '127.0.0.1',
    port,
    user: account.name,
    identityFiles: [account.keyFile],
    jumps: [],
    hostKeys: { mode: 'strict', knownHostsFiles: [sshd.knownHosts(port)] },
    ...more,
  };
}

/** A folder that belongs to the account. */
export function folderOf(account: TestAccount, name: string): string {
  const path = join(account.home, name);
  mkdirSync(path);
  chownSync(path, account.uid, -1);
  return path;
}

/** One sshd and one account on it for all tests of this `describe`. */
export function useSshd(): { readonly sshd: TestSshd; readonly account: TestAccount } {
  let sshd: TestSshd;
  let account: TestAccount;
  before(requireRoot);
  before(requireSshd);
  before(async () => {
    sshd = await startSshd();
    account = await addAccount();
  });
  after(async () => {
    await removeAccount(account);
    await sshd[Symbol.asyncDispose]();
  });
  return {
    get sshd() {
      return sshd;
    },
    get account() {
      return account;
    },
  };
}
