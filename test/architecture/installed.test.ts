// Checks that no dependency runs a script during an installation.
import { expect } from 'chai';
import { readdirSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { join } from 'node:path';

interface Lock {
  readonly packages: Readonly<Record<string, { readonly dev?: boolean; readonly hasInstallScript?: boolean }>>;
}

function readJson(file: string): unknown {
  return JSON.parse(readFileSync(file, 'utf8'));
}

describe('an installation with npm', () => {
  it('runs no install script of a dependency', () => {
    const { packages } = readJson('package-lock.json') as Lock;
    const scripts = Object.entries(packages).filter(([, { dev, hasInstallScript }]) => !dev && hasInstallScript);
    expect(scripts.map(([name]) => name)).to.deep.equal([]);
  });

  it('runs no install script in a clone of the repository', () => {
    expect(readFileSync('.npmrc', 'utf8')).to.match(/^ignore-scripts=true$/m);
  });

  it('creates a program that imports only modules of Node.js, and no other package', () => {
    const files = readdirSync('dist', { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.js'));
    const names = files.flatMap((file) =>
      [...readFileSync(join('dist', file), 'utf8').matchAll(/^(?:import|export)[^;]*?from "([^".][^"]*)";$/gm)].map(
        ([, name = '']) => name,
      ),
    );
    expect(names.filter((name) => !name.startsWith('node:') && !builtinModules.includes(name))).to.deep.equal([]);
  });
});
