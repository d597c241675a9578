// Checks that each command loads only the modules that it needs, so that --version is fast.
import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

interface Loaded {
  readonly files: ReadonlySet<string>;
  /** Node's own modules are always there. */
  readonly packages: ReadonlySet<string>;
}

/** What is loaded with this file, by itself and by what it imports; `import()` and types come later or never. */
function loadedWith(entry: string): Loaded {
  const files = new Set([entry]);
  const packages = new Set<string>();
  for (const file of files) {
    for (const [, clause = '', name = ''] of readFileSync(file, 'utf8').matchAll(IMPORT)) {
      if (clause.startsWith('type ') || name.startsWith('node:')) continue;
      if (name.startsWith('.')) files.add(join(dirname(file), name));
      else packages.add(name);
    }
  }
  return { files, packages };
}

const IMPORT = /^(?:import|export) (?:([^;']*?) from )?'([^']+)';$/gm;

describe('the program at start-up', () => {
  it('loads no package for --version', () => {
    expect([...loadedWith('src/cli/main.ts').packages]).to.deep.equal([]);
  });

  it('loads only src/cli, src/base, yargs/helpers and fastest-levenshtein to parse a command line', () => {
    const { files, packages } = loadedWith('src/cli/parser.ts');

    expect([...files].filter((file) => !/^src\/(cli|base)\//.test(file))).to.deep.equal([]);
    expect([...packages].sort()).to.deep.equal(['fastest-levenshtein', 'yargs/helpers']);
  });

  it('loads no HTTP or logging package when `render` reads the task from a file', () => {
    const files = ['src/cli/setting-options.ts', 'src/task-commands/preview-job-script.ts'];
    const packages = new Set(files.flatMap((file) => [...loadedWith(file).packages]));

    expect(['undici', 'winston', 'p-retry', 'string-width'].filter((name) => packages.has(name))).to.deep.equal([]);
  });

  it('loads the whole daemon at once, because an upgrade may replace the files later', () => {
    const { files, packages } = loadedWith('src/daemon/serve/serve-and-reload.ts');

    // A daemon that reaches Slurm over SSH loads that transport at the start too.
    const later = [...files].filter((file) => /\bimport\(/.test(readFileSync(file, 'utf8')));
    expect(later).to.deep.equal(['src/assembly/create-transport.ts']);
    expect(readFileSync('src/cli/commands/daemon.ts', 'utf8')).to.match(
      /Promise\.all\(\[[^\]]*import\('\.\.\/explain-error\.ts'\)/,
    );
    expect([...packages]).to.include.members(['undici', 'winston', 'mustache', 'zod']);
  });
});
