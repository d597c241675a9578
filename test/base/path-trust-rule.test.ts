// Trusted paths: tables of cases, and trees of two users, checked in TypeScript and two shells.
import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, lchownSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import fc from 'fast-check';
import { packagePath } from '../../src/base/package-path.ts';
import {
  findDistrust,
  findNameDistrust,
  isReadableByOthers,
  inspectPath,
  type PathStep,
  type PathSteps,
  type Trust,
} from '../../src/base/path-trust-rule.ts';
import { requireRoot } from '../support/skip-unless.ts';

const ADA = 4001;
const MALLORY = 4002;
const LAB = 4100;
const ROOT: PathStep = { path: '/', kind: 'folder', mode: 0o755, uid: 0, gid: 0 };

const SITE: Partial<Trust> = { site: { slurmUid: 64030, slurmGid: 64030 } };

function pathSteps(...steps: readonly Partial<PathStep>[]): PathSteps {
  const all = steps.map((step, index) => ({ ...ROOT, uid: ADA, gid: ADA, path: `/${index}`, ...step }));
  return { steps: [ROOT, ...all], isWhole: true };
}

describe('the trust rule for paths', () => {
  const trust: Trust = { uid: ADA };
  const rows: readonly [string, PathSteps, string | undefined, Partial<Trust>?][] = [
    ['trusts a path of the user in a directory of root', pathSteps({ uid: 0, gid: 0 }, {}), undefined],
    ['does not trust a path of another user', pathSteps({}, { uid: MALLORY }), '/1 belongs to another user (uid 4002)'],
    [
      'does not trust a path below a directory of another user',
      pathSteps({ uid: MALLORY }, {}),
      '/0 belongs to another user (uid 4002)',
    ],
    [
      'does not trust a path through a link of another user',
      pathSteps({ kind: 'link', uid: MALLORY }, {}),
      '/0 belongs to another user (uid 4002)',
    ],
    [
      'trusts a path through a link of the user, whatever the mode of the link',
      pathSteps({ kind: 'link', mode: 0o777 }, {}),
      undefined,
    ],
    [
      'does not trust a path in a directory that all users can write to',
      pathSteps({ mode: 0o777 }, {}),
      '/0 can be written by everybody (mode 777)',
    ],
    ['trusts a path in a sticky directory of root', pathSteps({ mode: 0o1777, uid: 0 }, {}), undefined],
    [
      'does not trust a path whose last part is a sticky directory',
      pathSteps({ mode: 0o1777, uid: 0 }),
      '/0 can be written by everybody (mode 1777)',
    ],
    [
      'trusts a missing path in a sticky directory',
      { ...pathSteps({ mode: 0o1777, uid: 0 }), isWhole: false },
      undefined,
    ],
    [
      'does not trust a path in a directory that a group can write to',
      pathSteps({ mode: 0o775, gid: LAB }, {}),
      '/0 can be written by group 4100 (mode 775)',
    ],
    [
      'trusts a path in a directory of the trusted group',
      pathSteps({ mode: 0o2770, uid: MALLORY, gid: LAB }, {}),
      undefined,
      { group: LAB },
    ],
    [
      'does not trust a path in a sticky directory that all users can write to, even if the trusted group owns that directory',
      pathSteps({ mode: 0o3777, gid: LAB }, {}),
      '/0 can be written by everybody (mode 3777)',
      { group: LAB },
    ],
    [
      "does not trust a path in a directory of the user's group, because the group may have other members",
      pathSteps({ mode: 0o775 }, { mode: 0o664, kind: 'file' }),
      '/0 can be written by group 4001 (mode 775)',
    ],
    [
      'trusts a path that a group can write to if only the user can enter a parent directory',
      pathSteps({ mode: 0o700, path: '/home' }, { mode: 0o664, kind: 'file', path: '/home/a' }),
      undefined,
    ],
    [
      'does not trust a path that a group can write to if a link in a private directory leads to the path',
      pathSteps(
        { mode: 0o700, path: '/home' },
        { kind: 'link', path: '/home/a' },
        { mode: 0o775, path: '/data' },
        { kind: 'file', path: '/data/a' },
      ),
      '/data can be written by group 4001 (mode 775)',
    ],
    [
      'does not trust a path that another user owns, even in a private directory of the user who runs the program',
      pathSteps({ mode: 0o700, path: '/home' }, { uid: MALLORY, kind: 'file', path: '/home/a' }),
      '/home/a belongs to another user (uid 4002)',
    ],
    ['does not trust a path of the user "nobody"', pathSteps({ uid: 65534 }), '/0 belongs to another user (uid 65534)'],
    [
      "trusts a path of a system account if the path is one of the cluster's programs",
      pathSteps({ uid: 990, gid: 990 }, {}),
      undefined,
      SITE,
    ],
    [
      "does not trust a path of a system account if the path is not one of the cluster's programs",
      pathSteps({ uid: 990 }),
      '/0 belongs to another user (uid 990)',
    ],
    [
      "does not trust a path of an ordinary user, even if the path is one of the cluster's programs",
      pathSteps({ uid: 1000 }),
      '/0 belongs to another user (uid 1000)',
      SITE,
    ],
    [
      'trusts a program of the cluster if its owner is the user "slurm", whatever the uid of that user',
      pathSteps({ uid: 64030, gid: 64030, mode: 0o775 }),
      undefined,
      SITE,
    ],
    [
      'trusts a program of the cluster that the group "root" (gid 0) can write to',
      pathSteps({ uid: 0, gid: 0, mode: 0o775 }),
      undefined,
      SITE,
    ],
    [
      'does not trust a file other than a program of the cluster if the group "root" (gid 0) can write to it',
      pathSteps({ uid: 0, gid: 0, mode: 0o775 }),
      '/0 can be written by group 0 (mode 775)',
    ],
    [
      'does not trust a program of the cluster that the group "users" (gid 100) can write to',
      pathSteps({ uid: 0, gid: 100, mode: 0o775 }),
      '/0 can be written by group 100 (mode 775)',
      SITE,
    ],
    [
      'does not trust a program of the cluster if all users can write to the program',
      pathSteps({ uid: 990, mode: 0o777 }),
      '/0 can be written by everybody (mode 777)',
      SITE,
    ],
    [
      'trusts a path whose owner is not mapped in the user namespace of a container',
      pathSteps({ uid: 65534 }, {}),
      undefined,
      { unmapped: 65534 },
    ],
  ];
  for (const [what, steps, why, more] of rows) {
    it(what, () => {
      expect(findDistrust(steps, { ...trust, ...more })).to.equal(why);
    });
  }

  const file = { kind: 'file' } as const;
  const readable: readonly [string, PathSteps, boolean][] = [
    ['reports a file of mode 600 as readable only by the user', pathSteps({}, { ...file, mode: 0o600 }), false],
    ['reports a file of mode 644 as readable by other users', pathSteps({}, { ...file, mode: 0o644 }), true],
    [
      'reports a file of mode 644 below a private directory as readable only by the user',
      pathSteps({ mode: 0o700 }, { ...file, mode: 0o644 }),
      false,
    ],
    ['reports a file of mode 640 as readable by other users', pathSteps({}, { ...file, mode: 0o640, gid: LAB }), true],
    [
      "reports a file of mode 640 as readable by other users, even if its group is the user's own",
      pathSteps({}, { ...file, mode: 0o640 }),
      true,
    ],
  ];
  for (const [what, steps, expected] of readable) {
    it(what, () => {
      expect(isReadableByOthers(steps)).to.equal(expected);
    });
  }
});

describe('the trust rule for file names', () => {
  const trust: Trust = { uid: ADA };
  const open = { mode: 0o1777, uid: 0 };
  const rows: readonly [string, PathSteps, string | undefined][] = [
    ['trusts the name of an existing file in a sticky directory', pathSteps(open, { kind: 'file' }), undefined],
    [
      'does not trust the name of a missing file in a sticky directory, because any user could create it',
      { ...pathSteps(open), isWhole: false },
      '/0 can be written by everybody (mode 1777)',
    ],
    [
      'does not trust a link to a missing file if all users can write to the directory of that file',
      { ...pathSteps({}, { kind: 'link' }, { ...open, path: '/tmp' }), isWhole: false },
      '/tmp can be written by everybody (mode 1777)',
    ],
    ["trusts a missing file's name in the user's directory", { ...pathSteps(open, {}), isWhole: false }, undefined],
  ];
  for (const [what, steps, why] of rows) {
    it(what, () => {
      expect(findNameDistrust(steps, trust)).to.equal(why);
    });
  }
});

describe('the trust check of paths in random directory trees', () => {
  let folder: string;
  before(requireRoot);
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'trust-'));
    chmodSync(folder, 0o755);
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  /** What each answers of each path: ok or no. */
  function answers(shell: string, paths: readonly string[], site = ''): string[] {
    const script = `. "$0"; for p; do if clearml_is_trusted "$p" '' ${site}; then echo ok; else echo no; fi; done`;
    return as(ADA, [shell, '-c', script, packagePath('templates/partials/trust.sh.mustache'), ...paths]);
  }

  it('has the same result in TypeScript, bash and dash, and trusts no path that another user can change', () => {
    const cases = Number(process.env['FUZZ_CASES'] ?? 60);
    const paths = fc
      .sample(tree, { numRuns: cases, seed: Number(process.env['FUZZ_SEED'] ?? 13) })
      .map((steps, index) => build(join(folder, `t${index}`), steps));
    const ours = paths.map((path) => (findDistrust(inspectPath(path), { uid: ADA }) === undefined ? 'ok' : 'no'));
    expect(ours).to.include('ok').and.to.include('no');
    for (const shell of ['bash', 'dash']) expect(answers(shell, paths), shell).to.deep.equal(ours);

    const accounts = { slurmUid: undefined, slurmGid: undefined };
    const some = paths.slice(0, cases / 3);
    const site = some.map((path) =>
      findDistrust(inspectPath(path), { uid: ADA, site: accounts }) === undefined ? 'ok' : 'no',
    );
    for (const shell of ['bash', 'dash']) expect(answers(shell, some, 'site'), shell).to.deep.equal(site);

    const trusted = paths.filter((_, index) => ours[index] === 'ok');
    expect(as(MALLORY, ['bash', '-c', ATTACK, 'bash', ...trusted])).to.deep.equal([]);
  });
});

function as(uid: number, command: readonly string[]): string[] {
  const become = [`--reuid=${uid}`, `--regid=${uid}`, '--clear-groups', '--'];
  const output = execFileSync('setpriv', [...become, ...command], { encoding: 'utf8' });
  return output.split('\n').filter(Boolean);
}

/** Prints each path whose meaning changes when Mallory does all that she can. */
const ATTACK = `for path; do
  before=$(stat -L -c %i "$path" 2>&1)
  at=$path
  while [ "$at" != / ]; do
    if mv -T -- "$at" "$at.away" 2>/dev/null || ln -sfnT /etc "$at" 2>/dev/null; then echo "$path by $at"; fi
    if [ -L "$at" ]; then readlink -f -- "$at" >/dev/null; fi
    at=\${at%/*}
    [ -n "$at" ] || at=/
  done
  if [ -w "$path" ]; then echo "$path is written"; fi
  [ "$before" = "$(stat -L -c %i "$path" 2>&1)" ] || echo "$path is another one"
done`;

interface TreeStep {
  readonly owner: number;
  readonly mode: number;
  readonly isLink: boolean;
  /** Whether the path enters and leaves a directory first. */
  readonly isDetour: boolean;
}

/** Folders in each other, each perhaps reached by a link. Ada's own are most, so that many trees are good. */
const tree = fc.array(
  fc.record<TreeStep>({
    owner: fc.constantFrom(ADA, ADA, ADA, ADA, 0, 99, MALLORY),
    mode: fc.constantFrom(0o755, 0o755, 0o755, 0o700, 0o1777, 0o777, 0o775),
    isLink: fc.boolean(),
    isDetour: fc.constantFrom(false, false, true),
  }),
  { minLength: 1, maxLength: 3 },
);

/** Makes it, and gives the path through it. */
function build(top: string, steps: readonly TreeStep[]): string {
  let path = top;
  const modes: [string, number][] = [];
  mkdirSync(top);
  for (const [index, { owner, mode, isLink, isDetour }] of steps.entries()) {
    const target = join(path, `d${index}`);
    mkdirSync(target);
    chownSync(target, owner, owner);
    modes.push([target, mode]);
    path = target;
    if (isLink) {
      path = join(target, '..', `l${index}`);
      symlinkSync(`d${index}`, path);
      lchownSync(path, steps[(index + 1) % steps.length]?.owner ?? 0, ADA);
    }
    if (isDetour) {
      mkdirSync(join(target, 'in'));
      path = `${path}/in/..`;
    }
  }
  for (const [made, mode] of modes) chmodSync(made, mode === 0o700 ? 0o711 : mode);
  writeFileSync(join(top, 'made'), '');
  return path;
}
