// A real sshd and an account on it for the tests of one file, and hosts by ssh2 that lead there.
import { expect } from 'chai';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { HostUnreachable } from '../../src/host/errors.ts';
import { createHostKeys } from '../../src/host/host-key-check.ts';
import type { Host, HostCommand } from '../../src/host/host.ts';
import { createLocalHost } from '../../src/host/local.ts';
import type { SshHost } from '../../src/host/remote-host.ts';
import { createSsh2Host, type Ssh2HostOptions } from '../../src/host/ssh2.ts';
import type { SshTarget } from '../../src/host/ssh-target.ts';
import { rejection } from '../support/rejection.ts';
import { addAccount, removeAccount, startSshd, targetOf, type TestAccount, type TestSshd } from '../support/sshd.ts';

export interface Ssh2Place {
  readonly sshd: TestSshd;
  readonly account: TestAccount;
  /** Closed by `closeHosts`. Without a target it leads to `account` on `sshd`. */
  open(target?: SshTarget, more?: Partial<Ssh2HostOptions>): SshHost;
  /** Why nothing could be run there; nothing was. */
  refusal(target: SshTarget, more?: Partial<Ssh2HostOptions>): Promise<string>;
  /** Fails unless the account is. */
  isLetIn(target: SshTarget): Promise<void>;
  closeHosts(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

const QUICK = { firstMs: 1, mostMs: 20 };

/** This machine, as whoever needs it for ssh is given it. */
export function thisMachine(): Host {
  return createLocalHost({ path: '/usr/bin:/bin', home: '/', user: 'root', workingDirectory: '/' });
}

export function shell(script: string, more: Partial<HostCommand> = {}): HostCommand {
  return { program: 'sh', args: ['-c', script], timeoutMs: 20_000, ...more };
}

/** Needs root. */
export async function enterSsh2Place(): Promise<Ssh2Place> {
  const sshd = await startSshd();
  const account = await addAccount();
  const here = thisMachine();
  const hosts: Host[] = [];

  function open(target = targetOf(sshd, account), more: Partial<Ssh2HostOptions> = {}): SshHost {
    const host = createSsh2Host({ target, here, surroundings: {}, hostKeysOf: createHostKeys, pace: QUICK, ...more });
    hosts.push(host);
    return host;
  }

  async function closeHosts(): Promise<void> {
    await Promise.all(hosts.splice(0).map((host) => host.close()));
  }

  return {
    sshd,
    account,
    open,
    closeHosts,
    async refusal(target, more) {
      const error = await rejection(open(target, more).run(shell('touch ran')));
      expect(error).to.be.instanceOf(HostUnreachable);
      expect(existsSync(join(account.home, 'ran'))).to.equal(false);
      return error.message;
    },
    async isLetIn(target) {
      expect(await open(target).run(shell('id -un'))).to.include({ stdout: `${account.name}\n` });
    },
    async [Symbol.asyncDispose]() {
      await closeHosts();
      await removeAccount(account);
      await sshd[Symbol.asyncDispose]();
    },
  };
}
