// Both SSH transports with a real sshd, an account whose login prints noise, and few permitted sessions.
import { createHostKeyCheck } from '../../src/transport/host-keys/check-host-key.ts';
import type { Transport } from '../../src/transport/transport.ts';
import { createOpensshTransport } from '../../src/transport/openssh/openssh-transport.ts';
import type { RemoteContext } from '../../src/transport/remote-script.ts';
import { createSsh2Transport } from '../../src/transport/ssh2/ssh2-transport.ts';
import type { SshTarget } from '../../src/transport/ssh-target.ts';
import { openLocalTransport } from '../support/local-transport.ts';
import { requireRoot, requireSshd } from '../support/skip-unless.ts';
import { prepareUserSsh, type UserSsh } from '../support/ssh-master.ts';
import {
  addAccount,
  folderOf,
  removeAccount,
  startSshd,
  targetOf,
  type TestAccount,
  type TestSshd,
} from '../support/sshd.ts';
import { describeHostContract } from './contract.ts';
import { LEAKS, NOISE } from './ssh-noise.ts';

interface Way {
  readonly target: SshTarget;
  /** With a master connection of the user. */
  readonly user: UserSsh;
}

const PROVIDERS: readonly (readonly [name: string, open: (way: Way, context: RemoteContext) => Transport])[] = [
  [
    'ssh2',
    ({ target }, context) =>
      createSsh2Transport({ target, context, hostKeysOf: createHostKeyCheck, here: openLocalTransport() }),
  ],
  [
    'openssh',
    ({ user }, context) =>
      createOpensshTransport({
        destination: { host: 'cluster', options: ['-F', user.config] },
        context,
        here: openLocalTransport(),
      }),
  ],
];

for (const [name, open] of PROVIDERS) {
  describe(`the ${name} transport`, () => {
    before(requireRoot);
    before(requireSshd);

    let sshd: TestSshd;
    let account: TestAccount;
    let user: UserSsh;

    before(async () => {
      sshd = await startSshd(['MaxSessions 3', 'Banner /etc/os-release']);
      account = await addAccount({ shell: '/bin/bash', files: { '.bashrc': NOISE + LEAKS } });
      user = prepareUserSsh(targetOf(sshd, account));
      await user.openMaster();
    });

    after(async () => {
      await user[Symbol.asyncDispose]();
      await removeAccount(account);
      await sshd[Symbol.asyncDispose]();
    });

    describeHostContract(() => {
      const folder = folderOf(account, 'work');
      return Promise.resolve({
        folder,
        user: account.name,
        home: account.home,
        open: (variables = {}) =>
          open({ target: targetOf(sshd, account), user }, { workingDirectory: folder, variables }),
      });
    });
  });
}
