// The provider ssh2 against a real sshd, an account whose login talks too much, and as few sessions as a strict site allows.
import { createHostKeys } from '../../src/host/host-key-check.ts';
import type { Host } from '../../src/host/host.ts';
import { createLocalHost } from '../../src/host/local.ts';
import { createSsh2Host, type Ssh2HostOptions } from '../../src/host/ssh2.ts';
import { requireRoot, requireSshd } from '../support/requires.ts';
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

describe('a host by ssh2', () => {
  before(requireRoot);
  before(requireSshd);

  let sshd: TestSshd;
  let account: TestAccount;

  before(async () => {
    sshd = await startSshd(['MaxSessions 3', 'Banner /etc/os-release']);
    account = await addAccount({ shell: '/bin/bash', files: { '.bashrc': NOISE + LEAKS } });
  });

  after(async () => {
    await removeAccount(account);
    await sshd[Symbol.asyncDispose]();
  });

  function open(more: Partial<Ssh2HostOptions> = {}): Host {
    return createSsh2Host({
      target: targetOf(sshd, account),
      surroundings: {},
      hostKeysOf: createHostKeys,
      here: createLocalHost({ path: '/usr/bin:/bin', home: '/', user: 'root', workingDirectory: '/' }),
      ...more,
    });
  }

  describeHostContract(() => {
    const folder = folderOf(account, 'work');
    return Promise.resolve({
      folder,
      user: account.name,
      home: account.home,
      open: (variables) =>
        open({
          surroundings: { workingDirectory: folder, ...(variables === undefined ? {} : { variables }) },
        }),
    });
  });
});
