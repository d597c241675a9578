// Trusted sockets: a table of cases.
import { expect } from 'chai';
import type { PathStep, PathSteps } from '../../src/base/path-trust-rule.ts';
import { findSocketDistrust } from '../../src/base/trusted-socket.ts';

const ADA = 4001;
const MALLORY = 4002;
const ROOT: PathStep = { path: '/', kind: 'folder', mode: 0o755, uid: 0, gid: 0 };
const TMP: PathStep = { ...ROOT, path: '/tmp', mode: 0o1777 };
const HOME: PathStep = { path: '/ada', kind: 'folder', mode: 0o755, uid: ADA, gid: ADA };
const PRIVATE: PathStep = { ...HOME, path: '/tmp/ssh-1', mode: 0o700 };

function socketIn(folder: PathStep, more: Partial<PathStep> = {}): PathStep {
  return { path: `${folder.path}/s`, kind: 'socket', mode: 0o600, uid: ADA, gid: ADA, ...more };
}

function pathSteps(...steps: readonly PathStep[]): PathSteps {
  return { steps: [ROOT, ...steps], isWhole: true };
}

describe('the trust rule for sockets', () => {
  const rows: readonly [string, PathSteps, string | undefined][] = [
    ["trusts a socket of the user in the user's directory", pathSteps(HOME, socketIn(HOME)), undefined],
    ['trusts a socket that all users may connect to', pathSteps(HOME, socketIn(HOME, { mode: 0o777 })), undefined],
    [
      "trusts a socket in the user's directory inside a sticky directory",
      pathSteps(TMP, PRIVATE, socketIn(PRIVATE)),
      undefined,
    ],
    [
      'trusts a socket behind a link of the user in a sticky directory',
      pathSteps(TMP, { ...HOME, path: '/tmp/l', kind: 'link', mode: 0o777 }, HOME, socketIn(HOME)),
      undefined,
    ],
    [
      'trusts a socket in a directory that all users can write to if only the user can reach it',
      pathSteps(
        { ...HOME, mode: 0o700 },
        { ...HOME, path: '/ada/x', mode: 0o777 },
        socketIn({ ...HOME, path: '/ada/x' }),
      ),
      undefined,
    ],
    [
      'does not trust a socket of another user',
      pathSteps(TMP, socketIn(TMP, { uid: MALLORY })),
      '/tmp/s belongs to another user (uid 4002)',
    ],
    [
      'does not trust a socket of root',
      pathSteps(HOME, socketIn(HOME, { uid: 0 })),
      '/ada/s belongs to another user (uid 0)',
    ],
    [
      'does not trust a socket of the user directly in a sticky directory, because another user may replace the socket',
      pathSteps(TMP, socketIn(TMP)),
      '/tmp can be written by everybody (mode 1777)',
    ],
    [
      'does not trust a socket that does not exist yet in a sticky directory',
      { ...pathSteps(TMP), isWhole: false },
      '/tmp can be written by everybody (mode 1777)',
    ],
    [
      "trusts a socket that does not exist yet in the user's directory",
      { ...pathSteps(HOME), isWhole: false },
      undefined,
    ],
    [
      'does not trust a socket below a directory of another user',
      pathSteps({ ...HOME, uid: MALLORY }, { ...HOME, path: '/ada/x' }, socketIn({ ...HOME, path: '/ada/x' })),
      '/ada belongs to another user (uid 4002)',
    ],
    [
      'does not trust a regular file in place of a socket',
      pathSteps(HOME, socketIn(HOME, { kind: 'file' })),
      '/ada/s is not a socket',
    ],
  ];
  for (const [name, look, why] of rows) {
    it(name, () => {
      expect(findSocketDistrust(look, { uid: ADA })).to.equal(why);
    });
  }
});
