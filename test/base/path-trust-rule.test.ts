// Trusted paths: tables of cases, and trees of two users, checked in TypeScript and two shells.
import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, lchownSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import fc from 'fast-check';
import { packagePath } from '../../src/base/installation.ts';
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

describe('the permission check of a path', () => {
  const trust: Trust = { uid: ADA };
  const rows: readonly [string, PathSteps, string | undefined, Partial<Trust>?][] = [
    ["accepts the user's path in root's directory", pathSteps({ uid: 0, gid: 0 }, {}), undefined],
    ['rejects a path that another user owns', pathSteps({}, { uid: MALLORY }), '/1 belongs to another user (uid 4002)'],
    [
      'rejects a path below a directory that another user owns',
      pathSteps({ uid: MALLORY }, {}),
      '/0 belongs to another user (uid 4002)',
    ],
    [
      'rejects a path through a symbolic link that another user owns',
      pathSteps({ kind: 'link', uid: MALLORY }, {}),
      '/0 belongs to another user (uid 4002)',
    ],
    [
      "accepts a path through the user's own symbolic link of mode 777",
      pathSteps({ kind: 'link', mode: 0o777 }, {}),
      undefined,
    ],
    [
      'rejects a path in a directory of mode 777',
      pathSteps({ mode: 0o777 }, {}),
      '/0 can be written by everybody (mode 777)',
    ],
    ["accepts a path in root's directory of mode 1777", pathSteps({ mode: 0o1777, uid: 0 }, {}), undefined],
    [
      'rejects the path of a directory of mode 1777',
      pathSteps({ mode: 0o1777, uid: 0 }),
      '/0 can be written by everybody (mode 1777)',
    ],
    [
      "accepts a missing path in root's directory of mode 1777",
      { ...pathSteps({ mode: 0o1777, uid: 0 }), isWhole: false },
      undefined,
    ],
    [
      'rejects a path in a directory of mode 775',
      pathSteps({ mode: 0o775, gid: LAB }, {}),
      '/0 can be written by group 4100 (mode 775)',
    ],
    [
      'accepts a path in a directory of mode 2770 that belongs to the trusted group',
      pathSteps({ mode: 0o2770, uid: MALLORY, gid: LAB }, {}),
      undefined,
      { group: LAB },
    ],
    [
      'rejects a path in a directory of mode 3777, even if the directory belongs to the trusted group',
      pathSteps({ mode: 0o3777, gid: LAB }, {}),
      '/0 can be written by everybody (mode 3777)',
      { group: LAB },
    ],
    [
      "rejects a path in a directory of mode 775 that belongs to the user's own group",
      pathSteps({ mode: 0o775 }, { mode: 0o664, kind: 'file' }),
      '/0 can be written by group 4001 (mode 775)',
    ],
    [
      'accepts a file of mode 664 below a directory of mode 700',
      pathSteps({ mode: 0o700, path: '/home' }, { mode: 0o664, kind: 'file', path: '/home/a' }),
      undefined,
    ],
    [
      'rejects a symbolic link to a file in a directory of mode 775',
      pathSteps(
        { mode: 0o700, path: '/home' },
        { kind: 'link', path: '/home/a' },
        { mode: 0o775, path: '/data' },
        { kind: 'file', path: '/data/a' },
      ),
      '/data can be written by group 4001 (mode 775)',
    ],
    [
      "rejects a file that another user owns, even in the user's directory of mode 700",
      pathSteps({ mode: 0o700, path: '/home' }, { uid: MALLORY, kind: 'file', path: '/home/a' }),
      '/home/a belongs to another user (uid 4002)',
    ],
    ['rejects a path that the user "nobody" owns', pathSteps({ uid: 65534 }), '/0 belongs to another user (uid 65534)'],
    ['accepts a Slurm program that a system account owns', pathSteps({ uid: 990, gid: 990 }, {}), undefined, SITE],
    [
      'rejects an ordinary file that a system account owns',
      pathSteps({ uid: 990 }),
      '/0 belongs to another user (uid 990)',
    ],
    [
      'rejects a Slurm program that an ordinary user owns',
      pathSteps({ uid: 1000 }),
      '/0 belongs to another user (uid 1000)',
      SITE,
    ],
    [
      'accepts a Slurm program that the user "slurm" (uid 64030) owns',
      pathSteps({ uid: 64030, gid: 64030, mode: 0o775 }),
      undefined,
      SITE,
    ],
    [
      'accepts a Slurm program that the group "root" (gid 0) can write to',
      pathSteps({ uid: 0, gid: 0, mode: 0o775 }),
      undefined,
      SITE,
    ],
    [
      'rejects an ordinary file that the group "root" (gid 0) can write to',
      pathSteps({ uid: 0, gid: 0, mode: 0o775 }),
      '/0 can be written by group 0 (mode 775)',
    ],
    [
      'rejects a Slurm program that the group "users" (gid 100) can write to',
      pathSteps({ uid: 0, gid: 100, mode: 0o775 }),
      '/0 can be written by group 100 (mode 775)',
      SITE,
    ],
    [
      'rejects a Slurm program of mode 777',
      pathSteps({ uid: 990, mode: 0o777 }),
      '/0 can be written by everybody (mode 777)',
      SITE,
    ],
    [
      'accepts a path whose owner has no uid in the user namespace of the container',
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
    ['reports that only the user can read a file of mode 600', pathSteps({}, { ...file, mode: 0o600 }), false],
    ['reports that other users can read a file of mode 644', pathSteps({}, { ...file, mode: 0o644 }), true],
    [
      'reports that only the user can read a file of mode 644 below a directory of mode 700',
      pathSteps({ mode: 0o700 }, { ...file, mode: 0o644 }),
      false,
    ],
    ['reports that other users can read a file of mode 640', pathSteps({}, { ...file, mode: 0o640, gid: LAB }), true],
    [
      "reports that other users can read a file of mode 640, even if the group is the user's own",
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

describe('the permission check of a file that another program may create', () => {
  const trust: Trust = { uid: ADA };
  const open = { mode: 0o1777, uid: 0 };
  const rows: readonly [string, PathSteps, string | undefined][] = [
    ['accepts an existing file in a directory of mode 1777', pathSteps(open, { kind: 'file' }), undefined],
    [
      'rejects a missing file in a directory of mode 1777',
      { ...pathSteps(open), isWhole: false },
      '/0 can be written by everybody (mode 1777)',
    ],
    [
      'rejects a symbolic link to a missing file in /tmp',
      { ...pathSteps({}, { kind: 'link' }, { ...open, path: '/tmp' }), isWhole: false },
      '/tmp can be written by everybody (mode 1777)',
    ],
    ["accepts a missing file in the user's own directory", { ...pathSteps(open, {}), isWhole: false }, undefined],
  ];
  for (const [what, steps, why] of rows) {
    it(what, () => {
      expect(findNameDistrust(steps, trust)).to.equal(why);
    });
  }
});

describe('the permission check of a path in random directory trees', () => {
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

  it('accepts the same paths in TypeScript, bash and dash', () => {
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
