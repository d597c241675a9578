// Builds dist: one part per command and per shared group, because loading many small files takes longer than most commands.
import { build } from 'esbuild';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';

/** Not bundled: only commands that talk to a server or a cluster load them. */
const LEFT_AS_THEY_ARE = ['undici', 'winston'];

/**
 * ssh2 is a separate CommonJS file. As a dependency, it and its optional dependency cpu-features would compile C++ during the
 * installation; without them it uses JavaScript, as its README says.
 */
const SSH2_FILE = 'parts/ssh2.cjs';
const NATIVE = ['cpu-features', '*.node'];

/** @type {import('esbuild').Plugin} */
const ssh2InItsFile = {
  name: 'ssh2 in its file',
  setup({ onResolve }) {
    // Every file of dist is one folder below it.
    onResolve({ filter: /^ssh2$/ }, () => ({ path: `../${SSH2_FILE}`, external: true }));
  },
};

/**
 * Of yargs the parser alone is used. It does not say so itself: what it would make of help and of tables may be left out.
 * @type {import('esbuild').Plugin}
 */
const onlyWhatIsUsedOfYargs = {
  name: 'only what is used of yargs',
  setup({ onResolve, resolve }) {
    onResolve({ filter: /./ }, async ({ path, kind, importer, resolveDir, pluginData }) => {
      const isOfYargs = path.startsWith('yargs/') || importer.includes('/node_modules/yargs/');
      if (!isOfYargs || pluginData === 'resolved') return undefined;
      return { ...(await resolve(path, { kind, importer, resolveDir, pluginData: 'resolved' })), sideEffects: false };
    });
  },
};

rmSync('dist', { recursive: true, force: true });
const program = await build({
  entryPoints: ['src/cli/main.ts'],
  outbase: 'src',
  outdir: 'dist',
  // As deep as src/base: see package-folder.ts there.
  chunkNames: 'parts/[name]-[hash]',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  external: LEFT_AS_THEY_ARE,
  plugins: [onlyWhatIsUsedOfYargs, ssh2InItsFile],
  metafile: true,
  logLevel: 'warning',
});
const ssh2 = await build({
  entryPoints: ['ssh2'],
  outfile: `dist/${SSH2_FILE}`,
  bundle: true,
  format: 'cjs',
  platform: 'node',
  target: 'node20.19',
  external: NATIVE,
  metafile: true,
  logLevel: 'warning',
});
writeFileSync('dist/LICENSES', licenses([program.metafile, ssh2.metafile]));

/**
 * Of every package that went in: all of them ask for that.
 * @param {readonly import('esbuild').Metafile[]} metafiles
 */
function licenses(metafiles) {
  const outputs = metafiles.flatMap((metafile) => Object.values(metafile.outputs));
  const inputs = outputs.flatMap((output) =>
    Object.entries(output.inputs).flatMap(([path, { bytesInOutput }]) => (bytesInOutput > 0 ? [path] : [])),
  );
  const folders = new Set(inputs.flatMap((path) => /.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path) ?? []));
  return [...folders].sort().map(license).join('\n');
}

/** @param {string} folder */
function license(folder) {
  const file = readdirSync(folder).find((name) => /^license|^licence/i.test(name)); // cspell:ignore licence
  if (file === undefined) throw new Error(`${folder} brings no license that could be handed on`);
  return `${folder.replace(/.*node_modules\//, '')}\n\n${readFileSync(`${folder}/${file}`, 'utf8')}`;
}
