// The messages of both SSH transports for each failure to log in to a real sshd: the fact and the next step.
import { expect } from 'chai';
import { copyFileSync, existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Transport, Command } from '../../src/transport/transport.ts';
import { createOpensshTransport } from '../../src/transport/openssh/openssh-transport.ts';
import type { SshTarget } from '../../src/transport/ssh-target.ts';
import { freePorts } from '../support/loopback-port.ts';
import { rejection } from '../support/rejection.ts';
import { prepareUserSsh } from '../support/ssh-master.ts';
import { openLocalTransport } from '../support/local-transport.ts';
import { makeKey, startSshd, targetOf, type TestSshd } from '../support/sshd.ts';
import { shell, useSsh2TestBed } from './ssh2/ssh2-test-bed.ts';
import { TIMEOUT_MS } from '../support/wait-until.ts';

interface Case {
  readonly what: string;
  /** Lines of the server's configuration. */
  readonly sshd?: readonly string[];
  /** The difference to a working login; `folder` contains the unknown keys `stranger-1` to `stranger-3`. */
  readonly way?: (folder: string, sshd: TestSshd) => Partial<SshTarget> | Promise<Partial<SshTarget>>;
  readonly command?: Command;
  /** What must be said by ssh2, and by openssh where it may log in by itself. */
  readonly ssh2: readonly string[];
  readonly openssh: readonly string[];
}

const CASES: readonly Case[] = [
  {
    what: 'an unknown host key',
    way: (folder) => ({ hostKeys: { mode: 'strict', knownHostsFiles: [join(folder, 'none')] } }),
    ssh2: [
      'The host key of [127.0.0.1]:',
      'is unknown: the host presents the ED25519 key SHA256:',
      'Compare the key with the site\'s published one, then connect once with "ssh -p',
    ],
    openssh: ['Host key verification failed', 'Connect once by hand, compare the fingerprint', 'ssh -fNM cluster'],
  },
  {
    what: 'a changed host key',
    way: async (folder, sshd) => {
      const known = join(folder, 'known-before');
      copyFileSync(sshd.knownHosts(), known);
      await sshd.changeHostKey();
      return { hostKeys: { mode: 'strict', knownHostsFiles: [known] } };
    },
    ssh2: [
      'has changed: the host presents the ED25519 key SHA256:',
      'nothing was sent. Ask the site.',
      'ssh-keygen -f /tmp/',
    ],
    openssh: ['REMOTE HOST IDENTIFICATION HAS CHANGED', 'Ask the site before you change known_hosts.'],
  },
  {
    what: 'a login without an accepted key',
    way: (folder) => ({ identityFiles: [join(folder, 'stranger-1')] }),
    ssh2: [
      'refused the login',
      'Credentials refused: the key',
      'stranger-1. Add the public key to ~/.ssh/authorized_keys',
    ],
    openssh: ['Permission denied (publickey', 'Use a key that needs no prompt'],
  },
  {
    what: 'an SSH agent that does not run',
    way: (folder) => ({ identityFiles: [], agentSocket: join(folder, 'no-agent') }),
    ssh2: [
      'Not tried: the keys of the ssh-agent at',
      'no-agent: ssh-agent does not respond',
      'start it and run ssh-add',
    ],
    openssh: ['Permission denied (publickey', 'Use a key that needs no prompt'],
  },
  {
    what: 'a host that permits fewer attempts than the user has keys',
    sshd: ['MaxAuthTries 2'],
    way: (folder) => ({ identityFiles: [1, 2, 3].map((number) => join(folder, `stranger-${String(number)}`)) }),
    ssh2: ['after too many attempts (MaxAuthTries', 'Not tried: the key', 'Set identity_file to the right key.'],
    openssh: ['Too many authentication failures', 'Set IdentityFile to the right key'],
  },
  {
    what: 'a login that requires a second factor',
    sshd: ['AuthenticationMethods publickey,keyboard-interactive', 'UsePAM yes'],
    ssh2: [
      'cluster accepted the key but requires a second factor (keyboard-interactive), which the daemon cannot provide.',
      'Set "provider: openssh" and open a connection yourself: ssh -fNM cluster',
    ],
    openssh: ['Permission denied (keyboard-interactive)', 'To open a connection yourself, run: ssh -fNM cluster'],
  },
  {
    what: 'a host name that does not resolve',
    way: () => ({ host: 'no.such.host.invalid' }),
    ssh2: ['the name no.such.host.invalid does not resolve', "Check the host's name"],
    openssh: ['Could not resolve hostname no.such.host.invalid', "Check the host's name"],
  },
  {
    what: 'a port on which nothing listens',
    way: async () => ({ port: (await freePorts(1))[0] ?? 0 }),
    ssh2: ['nothing listens on port', 'Check the port, and that sshd runs there.'],
    openssh: ['Connection refused', 'Check the port, and that sshd runs there.'],
  },
  {
    what: 'a missing route to the host',
    // No connection can be made to a multicast address.
    way: () => ({ host: '224.0.0.1' }),
    ssh2: ['no route to 224.0.0.1 from here (', 'Check the network or VPN, or name a jump host.'],
    openssh: ['Network is unreachable', 'Check the network or VPN, or name a jump host.'],
  },
  {
    what: 'a host that permits no session on a connection',
    sshd: ['MaxSessions 0'],
    ssh2: ['cluster refuses another session on the connection (MaxSessions', 'lower the setting channels.'],
    openssh: ['cluster refuses another session on the connection (MaxSessions', 'lower the setting channels.'],
  },
  {
    what: 'a missing program',
    command: { program: 'sbatch-of-no-site', args: [], timeoutMs: TIMEOUT_MS },
    ssh2: ['sbatch-of-no-site not found on ', ' (PATH /'],
    openssh: ['sbatch-of-no-site not found on cluster (PATH '],
  },
];

describe('the ssh2 and openssh transports explain', () => {
  const testBed = useSsh2TestBed();

  before(async () => {
    const strangers = [1, 2, 3].map((number) => join(testBed.sshd.folder, `stranger-${String(number)}`));
    await Promise.all(strangers.map((file) => makeKey(file)));
  });
  afterEach(() => rmSync(join(testBed.account.home, 'ran'), { force: true }));

  async function messageOf(host: Transport, command = shell('touch ran')): Promise<string> {
    try {
      const { message } = await rejection(host.run(command));
      expect(existsSync(join(testBed.account.home, 'ran'))).to.equal(false);
      return message;
    } finally {
      await host.close();
    }
  }

  for (const { what, sshd: settings = [], way, command, ssh2, openssh } of CASES) {
    it(what, async () => {
      const { account } = testBed;
      await using sshd = await startSshd(settings);
      const target = targetOf(sshd, account, await way?.(testBed.sshd.folder, sshd));
      const agent = target.agentSocket === undefined ? [] : [`IdentityAgent ${target.agentSocket}`];
      await using user = prepareUserSsh(target, agent);
      const bySystem = createOpensshTransport({
        destination: { host: 'cluster', options: ['-F', user.config] },
        context: {},
        here: openLocalTransport(),
        ownLogin: { controlPath: join(user.folder, 'own') },
      });

      const bySsh2 = await messageOf(testBed.open(target), command);
      for (const words of ssh2) expect(bySsh2).to.contain(words);
      const byOpenssh = await messageOf(bySystem, command);
      for (const words of openssh) expect(byOpenssh).to.contain(words);
    });
  }
});
