// Access to the cluster over SSH: a real sshd, a link with faults, and a user who keeps a connection open.
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { prepareUserSsh, type UserSsh } from '../support/ssh-master.ts';
import { makeKey, startSshd, targetOf, type TestAccount, type TestSshd } from '../support/sshd.ts';
import { startLink, type TcpLink } from '../support/faulty-tcp-link.ts';

export type SshProvider = 'ssh2' | 'openssh';

export interface SshAccess {
  readonly sshd: TestSshd;
  /** The link in front of sshd, for all logins. */
  readonly link: TcpLink;
  /** Settings of the cluster in `agent.slurm.clusters`. */
  readonly settings: string;
  /** The environment with which a daemon uses this access. */
  readonly environment: Readonly<Record<string, string>>;
  /** The number of logins of all users. */
  loginCount(): number;
  stop(): Promise<void>;
}

/** The user's ssh options, with which ssh detects a silent connection. */
const IMPATIENT = ['ServerAliveInterval 2', 'ServerAliveCountMax 2', 'ConnectTimeout 5'];

/** Needs root. @param account for logins; by default that of this process */
export async function openSshAccess(provider: SshProvider, account?: TestAccount): Promise<SshAccess> {
  const folder = await mkdtemp('/tmp/chaos-ssh-');
  await chmod(folder, 0o755);
  const ownKey = join(folder, 'key');
  await makeKey(ownKey);
  const sshd = await startSshd(account === undefined ? [`AuthorizedKeysFile ${ownKey}.pub`] : []);
  const link = await startLink(sshd.port);
  const target = targetOf(sshd, account ?? { name: userInfo().username, keyFile: ownKey }, { port: link.port });
  const user = prepareUserSsh(target, IMPATIENT);
  // ssh reads its configuration in the account's home directory, which differs from the daemon's HOME here.
  await writeFile(join(folder, 'ssh'), `#!/bin/sh\nexec /usr/bin/ssh -F ${user.config} "$@"\n`, { mode: 0o755 });
  const keeper = provider === 'openssh' ? await keepConnected(user) : undefined;

  return {
    sshd,
    link,
    settings: `host: cluster, provider: ${provider}`,
    environment: { PATH: `${folder}:${process.env['PATH'] ?? '/usr/bin:/bin'}` },
    loginCount: () => sshd.loginCount(),
    async stop() {
      await keeper?.stop();
      await user[Symbol.asyncDispose]();
      await link[Symbol.asyncDispose]();
      await sshd.crash();
      await sshd[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

const NOTICED_AFTER_MS = 3_000;

/** Simulates a user who logs in again whenever the connection has ended, as the daemon requests. */
async function keepConnected(user: UserSsh): Promise<{ stop(): Promise<void> }> {
  const stopping = new AbortController();
  async function keep({ signal }: AbortController): Promise<void> {
    while (!signal.aborted) {
      if (!(await user.hasMaster())) await user.openMaster().catch(() => undefined);
      await sleep(NOTICED_AFTER_MS, undefined, { signal }).catch(() => undefined);
    }
  }
  await user.openMaster();
  const keeping = keep(stopping);
  return {
    async stop() {
      stopping.abort();
      await keeping;
    },
  };
}
