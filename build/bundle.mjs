// Bundles the program with everything that it needs at run time.
import { build } from 'esbuild';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';

/**
 * Packages of CommonJS, each in its own file, because in a bundle of ES modules they cannot load Node's modules; and what is imported from
 * each by name. Only commands that talk to a server or a cluster load them. As a dependency, ssh2 and its optional dependency cpu-features
 * would compile C++ during the installation; without them it uses JavaScript, as its README says.
 * @type {Readonly<Record<string, readonly string[]>>}
 */
const COMMONJS = { 'prom-client': ['Counter', 'Gauge', 'Histogram', 'Registry'], ssh2: [], undici: [], winston: [] };

/** What is used of a package, if the package itself would load much more: of undici's 734 kB, half. */
const ENTRIES = /** @type {Readonly<Record<string, string>>} */ ({
  undici: "exports.EnvHttpProxyAgent = require('undici/lib/dispatcher/env-http-proxy-agent');",
});

const NATIVE = ['cpu-features', '*.node'];

/** @param {string} name */
function commonJsFile(name) {
  return `parts/${name}.cjs`;
}

/**
 * Before Node imports a file of CommonJS, it searches the file for the names of its exports. That takes longer than to run it, so a module
 * requires it.
 * @type {import('esbuild').Plugin}
 */
const commonJsInItsFile = {
  name: 'CommonJS in its file',
  setup({ onResolve, onLoad }) {
    const filter = new RegExp(`^(${Object.keys(COMMONJS).join('|')})$`);
    onResolve({ filter }, ({ path }) => ({ path, namespace: 'CommonJS' }));
    onLoad({ filter, namespace: 'CommonJS' }, ({ path }) => ({
      // Every file of dist is one folder below it.
      contents: `
        import { createRequire } from 'node:module';
        const required = createRequire(import.meta.url)('../${commonJsFile(path)}');
        export default required;
        export const { ${COMMONJS[path]?.join(', ')} } = required;`,
    }));
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

/** @type {import('esbuild').BuildOptions & { metafile: true }} */
const COMMON = {
  bundle: true,
  platform: 'node',
  target: 'node20.19',
  metafile: true,
  logLevel: 'warning',
  // The paths of packages go into the bytes: they are the same where node_modules is a link.
  preserveSymlinks: true,
};

/**
 * Builds the program into a directory, whose files are one folder below it, and returns what went in.
 * @param {string} outdir is deleted first
 */
export async function buildProgram(outdir) {
  rmSync(outdir, { recursive: true, force: true });
  const browser = await buildBrowserFiles();
  const program = await build({
    ...COMMON,
    entryPoints: ['src/cli/main.ts'],
    outbase: 'src',
    outdir,
    // As deep as src/base: see package-path.ts there.
    chunkNames: 'parts/[name]-[hash]',
    splitting: true,
    format: 'esm',
    plugins: [onlyWhatIsUsedOfYargs, commonJsInItsFile],
    define: { ...embeddedFiles(), ...browser.define },
  });
  const packages = await Promise.all(
    Object.keys(COMMONJS).map((name) =>
      build({
        ...COMMON,
        stdin: { contents: ENTRIES[name] ?? `module.exports = require('${name}');`, resolveDir: process.cwd() },
        outfile: join(outdir, commonJsFile(name)),
        format: 'cjs',
        external: NATIVE,
        minifyWhitespace: true,
        minifySyntax: true,
      }),
    ),
  );
  const bundled = bundledPackages([program.metafile, browser.metafile, ...packages.map(({ metafile }) => metafile)]);
  writeFileSync(join(outdir, 'LICENSES'), licenses(bundled));
  return bundled;
}

/**
 * Bundles the program into one file of CommonJS, which is what a single executable application runs, and returns what went in.
 * @param {string} outfile
 */
export async function buildSingleScript(outfile) {
  const browser = await buildBrowserFiles();
  const { metafile } = await build({
    ...COMMON,
    stdin: {
      contents: "import { run } from './src/cli/main.ts'; void run(process.argv.slice(2));",
      resolveDir: process.cwd(),
    },
    outfile,
    format: 'cjs',
    external: NATIVE,
    minifyWhitespace: true,
    minifySyntax: true,
    plugins: [onlyWhatIsUsedOfYargs],
    banner: { js: "const PROGRAM_URL = require('node:url').pathToFileURL(process.execPath).href;" },
    define: { ...embeddedFiles(), ...browser.define, IS_SINGLE_FILE: 'true', 'import.meta.url': 'PROGRAM_URL' },
  });
  return bundledPackages([metafile, browser.metafile]);
}

/** The script and the styles of the status page, which src/web/browser-assets.ts serves. */
async function buildBrowserFiles() {
  const { outputFiles, metafile } = await build({
    ...COMMON,
    platform: 'browser',
    target: 'es2022',
    entryPoints: ['src/web/browser/page.ts', 'src/web/browser/page.css'],
    outdir: 'web',
    format: 'esm',
    minify: true,
    write: false,
  });
  const files = Object.fromEntries(outputFiles.map(({ path, text }) => [basename(path), text]));
  return { define: { WEB_FILES: embedded(files) }, metafile };
}

/** What `readPackageFile` in src/base/package-path.ts and examples/demo/installed.ts read. */
function embeddedFiles() {
  const { name, version } = JSON.parse(readFileSync('package.json', 'utf8'));
  const files = { 'package.json': JSON.stringify({ name, version }), ...textsIn('templates') };
  const agent = Object.entries(textsIn('test/stand-ins/agent')).filter(([path]) => /\.py$|\/python$/.test(path));
  const template = 'examples/demo/demo.template';
  const demo = { [template]: readFileSync(template, 'utf8'), ...Object.fromEntries(agent) };
  return { EMBEDDED_FILES: embedded(files), DEMO_FILES: embedded(demo) };
}

/**
 * These files as an expression. esbuild puts an object into a file that all others load, a string only where it is used.
 * @param {Readonly<Record<string, string>>} files
 */
function embedded(files) {
  return JSON.stringify(JSON.stringify(files));
}

/**
 * The texts of all files in a directory, by their paths.
 * @param {string} folder
 * @returns {Record<string, string>}
 */
function textsIn(folder) {
  const paths = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  return Object.fromEntries(paths.map((path) => [path, readFileSync(path, 'utf8')]));
}

/**
 * The folders of the packages of which code went in.
 * @param {readonly import('esbuild').Metafile[]} metafiles
 */
function bundledPackages(metafiles) {
  const outputs = metafiles.flatMap((metafile) => Object.values(metafile.outputs));
  const inputs = outputs.flatMap((output) =>
    Object.entries(output.inputs).flatMap(([path, { bytesInOutput }]) => (bytesInOutput > 0 ? [path] : [])),
  );
  return [...new Set(inputs.flatMap((path) => /.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path) ?? []))].sort();
}

/**
 * The licenses of these packages: all of them ask to hand them on.
 * @param {readonly string[]} folders
 */
export function licenses(folders) {
  return folders.map(license).join('\n');
}

/** @param {string} folder */
function license(folder) {
  const file = readdirSync(folder).find((name) => /^license|^licence/i.test(name)); // cspell:ignore licence
  if (file === undefined) throw new Error(`${folder} brings no license that could be handed on`);
  return `${folder.replace(/.*node_modules\//, '')}\n\n${readFileSync(`${folder}/${file}`, 'utf8')}`;
}
