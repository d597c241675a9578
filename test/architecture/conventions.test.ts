// Checks rules of CONTRIBUTING.md that no linter checks: first sentences, names, a line for each directory.
import { expect } from 'chai';
import { readFileSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';

const CODE = /\.(ts|js|mjs|cjs)$/;

/** Names that say nothing about what is inside. */
const EMPTY_NAMES = /^(utils?|helpers?|common|misc|managers?|types|index|shared|lib)$/;

function filesIn(...folders: string[]): string[] {
  return folders.flatMap((folder) =>
    readdirSync(folder, { withFileTypes: true, recursive: true })
      .filter((entry) => entry.isFile() && CODE.test(entry.name))
      .map((entry) => join(entry.parentPath, entry.name)),
  );
}

function foldersIn(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name);
}

describe('every source file', () => {
  const files = filesIn('src', 'build', 'test', 'bin', 'examples');

  it('begins with one sentence that states its purpose', () => {
    const silent = files.filter((file) => {
      const lines = readFileSync(file, 'utf8').split('\n');
      const first = lines[0]?.startsWith('#!') === true ? lines[1] : lines[0];
      return !/^\/\/ \S.*[.?]$/.test(first ?? '');
    });

    expect(silent).to.deep.equal([]);
  });

  it('has a kebab-case name, and no generic name such as utils or helpers', () => {
    const illNamed = files.filter((file) => {
      const name = basename(file).split('.')[0] ?? '';
      return EMPTY_NAMES.test(name) || !/^[a-z0-9]+(-[a-z0-9]+)*$/.test(name);
    });

    expect(illNamed).to.deep.equal([]);
  });

  it('imports zod as a namespace, so that the build omits the unused parts of zod', () => {
    const whole = files.filter((file) => /^import \{[^}]*\} from 'zod'/m.test(readFileSync(file, 'utf8')));

    expect(whole).to.deep.equal([]);
  });

  it('is in a directory that CONTRIBUTING.md describes', () => {
    const guide = readFileSync('CONTRIBUTING.md', 'utf8');

    const unsaid = [...foldersIn('src'), ...foldersIn('test')].filter(
      (room) => !new RegExp(`^ +(src/|test/)?${room}/ {2,}\\S`, 'm').test(guide),
    );

    expect(unsaid).to.deep.equal([]);
  });
});
