// A real sshd and an account on it for the tests of one file, and hosts by ssh2 that lead there.
import { expect } from 'chai';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { HostUnreachableError } from '../../../src/transport/errors.ts';
import { createHostKeyCheck } from '../../../src/transport/host-keys/check-host-key.ts';
import type { Transport, Command } from '../../../src/transport/transport.ts';
import type { SshTransport } from '../../../src/transport/remote-transport.ts';
import { createSsh2Transport, type Ssh2TransportOptions } from '../../../src/transport/ssh2/ssh2-transport.ts';
import type { SshTarget } from '../../../src/transport/ssh-target.ts';
import { rejection } from '../../support/rejection.ts';
import { openLocalTransport } from '../../support/local-transport.ts';
import { targetOf, type TestAccount, type TestSshd, useSshd } from '../../support/sshd.ts';
import { TIMEOUT_MS } from '../../support/wait-until.ts';

export interface Ssh2TestBed {
  readonly sshd: TestSshd;
  readonly account: TestAccount;
  /** `account` on `sshd`, but for what is different. */
  target(different?: Partial<SshTarget>): SshTarget;
  /** Closed after the test. */
  open(target: SshTarget, more?: Partial<Ssh2TransportOptions>): SshTransport;
  /** Why nothing could be run there; nothing was. */
  refusal(target: SshTarget, more?: Partial<Ssh2TransportOptions>): Promise<string>;
  /** Fails unless the account is. */
  expectLogin(target: SshTarget): Promise<void>;
}

const QUICK = { firstMs: 1, maxMs: 20 };

export function shell(script: string, more: Partial<Command> = {}): Command {
  return { program: 'sh', args: ['-c', script], timeoutMs: TIMEOUT_MS, ...more };
}

/** Has the place from before the first test of this `describe` to after its last one. */
export function useSsh2TestBed(): Ssh2TestBed {
  const here = openLocalTransport();
  const hosts: Transport[] = [];
  const used = useSshd();
  afterEach(() => Promise.all(hosts.splice(0).map((host) => host.close())));

  function open(target: SshTarget, more: Partial<Ssh2TransportOptions> = {}): SshTransport {
    const host = createSsh2Transport({
      target,
      here,
      context: {},
      hostKeysOf: createHostKeyCheck,
      backoff: QUICK,
      ...more,
    });
    hosts.push(host);
    return host;
  }

  return {
    get sshd() {
      return used.sshd;
    },
    get account() {
      return used.account;
    },
    target: (different) => targetOf(used.sshd, used.account, different),
    open,
    async refusal(target, more) {
      const error = await rejection(open(target, more).run(shell('touch ran')));
      expect(error).to.be.instanceOf(HostUnreachableError);
      expect(existsSync(join(used.account.home, 'ran'))).to.equal(false);
      return error.message;
    },
    async expectLogin(target) {
      expect(await open(target).run(shell('id -un'))).to.include({ stdout: `${used.account.name}\n` });
    },
  };
}
