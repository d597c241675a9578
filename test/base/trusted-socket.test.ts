// Trusted sockets: the rule in a table.
import { expect } from 'chai';
import type { PathStep, PathSteps } from '../../src/base/trusted-path.ts';
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

function way(...steps: readonly PathStep[]): PathSteps {
  return { steps: [ROOT, ...steps], isWhole: true };
}

describe('a socket', () => {
  const rows: readonly [string, PathSteps, string | undefined][] = [
    ["of the user in the user's folder is trusted", way(HOME, socketIn(HOME)), undefined],
    ['to which everybody may connect is', way(HOME, socketIn(HOME, { mode: 0o777 })), undefined],
    ["in the user's folder in a sticky one is", way(TMP, PRIVATE, socketIn(PRIVATE)), undefined],
    [
      "that a link of the user's in a sticky folder names is",
      way(TMP, { ...HOME, path: '/tmp/l', kind: 'link', mode: 0o777 }, HOME, socketIn(HOME)),
      undefined,
    ],
    [
      'in a folder for everybody that only the user gets to is',
      way({ ...HOME, mode: 0o700 }, { ...HOME, path: '/ada/x', mode: 0o777 }, socketIn({ ...HOME, path: '/ada/x' })),
      undefined,
    ],
    ['of another user is not', way(TMP, socketIn(TMP, { uid: MALLORY })), '/tmp/s belongs to another user (uid 4002)'],
    ['of root is not', way(HOME, socketIn(HOME, { uid: 0 })), '/ada/s belongs to another user (uid 0)'],
    [
      'of the user in a sticky folder is not, as it may go',
      way(TMP, socketIn(TMP)),
      '/tmp can be written by everybody (mode 1777)',
    ],
    [
      'that is not there yet in such a folder is not',
      { ...way(TMP), isWhole: false },
      '/tmp can be written by everybody (mode 1777)',
    ],
    ["that is not there yet in the user's folder may be asked for", { ...way(HOME), isWhole: false }, undefined],
    [
      'below a folder of another user is not',
      way({ ...HOME, uid: MALLORY }, { ...HOME, path: '/ada/x' }, socketIn({ ...HOME, path: '/ada/x' })),
      '/ada belongs to another user (uid 4002)',
    ],
    ['is no file', way(HOME, socketIn(HOME, { kind: 'file' })), '/ada/s is no socket'],
  ];
  for (const [name, look, why] of rows) {
    it(name, () => {
      expect(findSocketDistrust(look, { uid: ADA })).to.equal(why);
    });
  }
});
