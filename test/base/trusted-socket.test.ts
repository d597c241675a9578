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

describe('the permission check of a Unix socket', () => {
  const rows: readonly [string, PathSteps, string | undefined][] = [
    ["accepts the user's socket in the user's directory", pathSteps(HOME, socketIn(HOME)), undefined],
    [
      "accepts the user's socket of mode 777, to which all users may connect",
      pathSteps(HOME, socketIn(HOME, { mode: 0o777 })),
      undefined,
    ],
    [
      "accepts a socket in the user's directory of mode 700 below /tmp",
      pathSteps(TMP, PRIVATE, socketIn(PRIVATE)),
      undefined,
    ],
    [
      "accepts a socket behind the user's own symbolic link in /tmp",
      pathSteps(TMP, { ...HOME, path: '/tmp/l', kind: 'link', mode: 0o777 }, HOME, socketIn(HOME)),
      undefined,
    ],
    [
      'accepts a socket in a directory of mode 777 below a directory of mode 700',
      pathSteps(
        { ...HOME, mode: 0o700 },
        { ...HOME, path: '/ada/x', mode: 0o777 },
        socketIn({ ...HOME, path: '/ada/x' }),
      ),
      undefined,
    ],
    [
      'rejects a socket that another user owns',
      pathSteps(TMP, socketIn(TMP, { uid: MALLORY })),
      '/tmp/s belongs to another user (uid 4002)',
    ],
    [
      'rejects a socket that root owns',
      pathSteps(HOME, socketIn(HOME, { uid: 0 })),
      '/ada/s belongs to another user (uid 0)',
    ],
    [
      "rejects the user's socket directly in /tmp",
      pathSteps(TMP, socketIn(TMP)),
      '/tmp can be written by everybody (mode 1777)',
    ],
    [
      'rejects a missing socket in /tmp',
      { ...pathSteps(TMP), isWhole: false },
      '/tmp can be written by everybody (mode 1777)',
    ],
    ["accepts a missing socket in the user's directory", { ...pathSteps(HOME), isWhole: false }, undefined],
    [
      'rejects a socket below a directory that another user owns',
      pathSteps({ ...HOME, uid: MALLORY }, { ...HOME, path: '/ada/x' }, socketIn({ ...HOME, path: '/ada/x' })),
      '/ada belongs to another user (uid 4002)',
    ],
    ['rejects a regular file', pathSteps(HOME, socketIn(HOME, { kind: 'file' })), '/ada/s is not a socket'],
  ];
  for (const [name, look, why] of rows) {
    it(name, () => {
      expect(findSocketDistrust(look, { uid: ADA })).to.equal(why);
    });
  }
});
