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

describe('a socket', () => {
  const rows: readonly [string, PathSteps, string | undefined][] = [
    ["of the user in the user's directory is trusted", pathSteps(HOME, socketIn(HOME)), undefined],
    ['that all users may connect to is trusted', pathSteps(HOME, socketIn(HOME, { mode: 0o777 })), undefined],
    [
      "in the user's directory inside a sticky directory is trusted",
      pathSteps(TMP, PRIVATE, socketIn(PRIVATE)),
      undefined,
    ],
    [
      'behind a link of the user in a sticky directory is trusted',
      pathSteps(TMP, { ...HOME, path: '/tmp/l', kind: 'link', mode: 0o777 }, HOME, socketIn(HOME)),
      undefined,
    ],
    [
      'in a directory that all users can write to is trusted if only the user can reach it',
      pathSteps(
        { ...HOME, mode: 0o700 },
        { ...HOME, path: '/ada/x', mode: 0o777 },
        socketIn({ ...HOME, path: '/ada/x' }),
      ),
      undefined,
    ],
    [
      'of another user is not trusted',
      pathSteps(TMP, socketIn(TMP, { uid: MALLORY })),
      '/tmp/s belongs to another user (uid 4002)',
    ],
    ['of root is not trusted', pathSteps(HOME, socketIn(HOME, { uid: 0 })), '/ada/s belongs to another user (uid 0)'],
    [
      'of the user directly in a sticky directory is not trusted, as another user may replace it',
      pathSteps(TMP, socketIn(TMP)),
      '/tmp can be written by everybody (mode 1777)',
    ],
    [
      'that does not exist yet in a sticky directory is not trusted',
      { ...pathSteps(TMP), isWhole: false },
      '/tmp can be written by everybody (mode 1777)',
    ],
    ["that does not exist yet in the user's directory is trusted", { ...pathSteps(HOME), isWhole: false }, undefined],
    [
      'below a directory of another user is not trusted',
      pathSteps({ ...HOME, uid: MALLORY }, { ...HOME, path: '/ada/x' }, socketIn({ ...HOME, path: '/ada/x' })),
      '/ada belongs to another user (uid 4002)',
    ],
    ['that is a regular file is not trusted', pathSteps(HOME, socketIn(HOME, { kind: 'file' })), '/ada/s is no socket'],
  ];
  for (const [name, look, why] of rows) {
    it(name, () => {
      expect(findSocketDistrust(look, { uid: ADA })).to.equal(why);
    });
  }
});
