// Builds dist: a part for each command and for what several share, as loading many small files takes longer than most commands do.
import { build } from 'esbuild';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';

/** Loaded only by whoever talks to a server or a cluster, and not made to be taken apart. */
const LEFT_AS_THEY_ARE = ['ssh2', 'undici', 'winston'];

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
const { metafile } = await build({
  entryPoints: ['src/cli/main.ts', 'src/cli/write-manual.ts'],
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
  plugins: [onlyWhatIsUsedOfYargs],
  metafile: true,
  logLevel: 'warning',
});
writeFileSync('dist/LICENSES', licenses(metafile));

/**
 * Of every package that went in: all of them ask for that.
 * @param {import('esbuild').Metafile} metafile
 */
function licenses({ outputs }) {
  const inputs = Object.values(outputs).flatMap((output) =>
    Object.entries(output.inputs).flatMap(([path, { bytesInOutput }]) => (bytesInOutput > 0 ? [path] : [])),
  );
  const folders = new Set(inputs.flatMap((path) => /.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path) ?? []));
  return [...folders].sort().map(license).join('\n');
}

/** @param {string} folder */
function license(folder) {
  const file = readdirSync(folder).find((name) => /^licen[cs]e/i.test(name));
  if (file === undefined) throw new Error(`${folder} brings no license that could be handed on`);
  return `${folder.replace(/.*node_modules\//, '')}\n\n${readFileSync(`${folder}/${file}`, 'utf8')}`;
}
