// The provider openssh against a real sshd, through a connection that somebody else keeps open.
import { createLocalHost } from '../../src/host/local.ts';
import { createOpensshHost } from '../../src/host/openssh.ts';
import { requireRoot, requireSshd } from '../support/requires.ts';
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

describe('a host by the system’s ssh', () => {
  before(requireRoot);
  before(requireSshd);

  let sshd: TestSshd;
  let account: TestAccount;
  let ssh: UserSsh;

  before(async () => {
    sshd = await startSshd(['MaxSessions 3', 'Banner /etc/os-release']);
    account = await addAccount({ shell: '/bin/bash', files: { '.bashrc': NOISE + LEAKS } });
    ssh = prepareUserSsh(targetOf(sshd, account));
    await ssh.openMaster();
  });

  after(async () => {
    await ssh[Symbol.asyncDispose]();
    await removeAccount(account);
    await sshd[Symbol.asyncDispose]();
  });

  describeHostContract(() => {
    const folder = folderOf(account, 'work');
    return Promise.resolve({
      folder,
      user: account.name,
      home: account.home,
      open: (variables) =>
        createOpensshHost({
          destination: { host: 'cluster', options: ['-F', ssh.config] },
          surroundings: { workingDirectory: folder, ...(variables === undefined ? {} : { variables }) },
          here: createLocalHost({ path: '/usr/bin:/bin', home: '/', user: 'root', workingDirectory: '/' }),
        }),
    });
  });
});
