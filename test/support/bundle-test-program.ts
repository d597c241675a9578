// Bundles a program of the tests into one file: from its sources, each start would take seconds.
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';

/** Packages of CommonJS call it for Node's own modules. */
const REQUIRE = "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);";

/** Returns the path of the file for Node, which is written into the directory. */
export async function bundleProgram(source: string, folder: string): Promise<string> {
  const outfile = join(folder, 'bundle.mjs');
  await build({
    entryPoints: [source],
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    external: ['cpu-features', '*.node'],
    banner: { js: REQUIRE },
    // Where src/base/installation.ts looks for the templates.
    define: { 'import.meta.url': JSON.stringify(pathToFileURL(resolve('dist/parts/bundle.js')).href) },
    logLevel: 'error',
  });
  return outfile;
}
