// Bundles the program with everything that it needs at run time.
import { build, transform } from 'esbuild';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { rolldown } from 'rolldown';

/**
 * Packages in a file of their own, which is loaded when a command needs the package, and what is imported from each by name. All but one
 * are CommonJS, which in a bundle of ES modules cannot load Node's modules. string-width is one function, and is loaded when the function is
 * first called: compiling its regular expressions takes 30 ms. As a dependency, ssh2 and its optional dependency cpu-features
 * would compile C++ during the installation; without them it uses JavaScript, as its README says.
 * @type {Readonly<Record<string, readonly string[] | 'at the first call'>>}
 */
const REQUIRED = {
  'prom-client': ['Counter', 'Gauge', 'Histogram', 'Registry'],
  ssh2: [],
  undici: [],
  winston: [],
  'string-width': 'at the first call',
};

/**
 * Modules in one file with all that they import, because Node takes half a millisecond to load a file, and most commands need most of
 * what `render` needs.
 * @type {import('rolldown').CodeSplittingGroup[]}
 */
const LOADED_TOGETHER = [
  { name: 'main', test: /\/src\/cli\/main\.ts$/, priority: 3 },
  { name: 'command-line', test: /\/src\/cli\/(parser|help-text|completion\/[a-z-]+)\.ts$/, priority: 2 },
  { name: 'render', test: /\/src\/(cli\/setting-options|task-commands\/preview-job-script)\.ts$/, priority: 1 },
];

/** What is used of a package, if the package itself would load much more: of undici's 734 kB, half. */
const ENTRIES = /** @type {Readonly<Record<string, string>>} */ ({
  undici: "exports.EnvHttpProxyAgent = require('undici/lib/dispatcher/env-http-proxy-agent');",
});

const NATIVE = ['cpu-features', '*.node'];

/** @param {string} name */
function packageFile(name) {
  return `parts/${name}.cjs`;
}

/**
 * Before Node imports a file of CommonJS, it searches the file for the names of its exports. That takes longer than to run it, so a module
 * requires it.
 * @type {import('rolldown').Plugin}
 */
const packagesInTheirFiles = {
  name: 'packages in their files',
  resolveId: (path) => (Object.hasOwn(REQUIRED, path) ? `\0${path}` : undefined),
  load(id) {
    const path = id.slice(1);
    const names = id.startsWith('\0') && Object.hasOwn(REQUIRED, path) ? REQUIRED[path] : undefined;
    if (names === undefined) return undefined;
    // Every file of dist is one folder below it.
    const load = `createRequire(import.meta.url)('../${packageFile(path)}')`;
    return `
      import { createRequire } from 'node:module';
      ${
        names === 'at the first call'
          ? `let required;
             export default (...args) => (required ??= ${load}.default)(...args);`
          : `const required = ${load};
             export default required;
             export const { ${names.join(', ')} } = required;`
      }`;
  },
};

/**
 * Of yargs the parser alone is used. It does not say so itself: what it would make of help and of tables may be left out.
 * @type {import('rolldown').Plugin}
 */
const onlyTheParserOfYargs = {
  name: 'only the parser of yargs',
  async resolveId(path, importer, { kind, custom }) {
    const isOfYargs = path.startsWith('yargs/') || importer?.includes('/node_modules/yargs/');
    if (!isOfYargs || custom?.['resolved'] === true) return undefined;
    const resolved = await this.resolve(path, importer, { kind, skipSelf: true, custom: { resolved: true } });
    return resolved === null ? null : { ...resolved, moduleSideEffects: false };
  },
};

/**
 * Escapes characters beyond ASCII. Node keeps a file with only ASCII in half the memory, and compiles it faster.
 * @type {import('rolldown').Plugin}
 */
const onlyAscii = {
  name: 'only ASCII',
  renderChunk: async (source) => (await transform(source, { target: TARGET, charset: 'ascii' })).code,
};

/**
 * The same for the single file, which esbuild builds: one that rolldown builds takes 20 ms longer to start.
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

const TARGET = 'node20.19';

/** @type {import('esbuild').BuildOptions & { metafile: true }} */
const COMMON = {
  bundle: true,
  platform: 'node',
  target: TARGET,
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
  const program = await rolldown({
    input: 'src/cli/main.ts',
    platform: 'node',
    // Its paths are for the compiler: the types of the demo, where its program is needed.
    tsconfig: false,
    // The paths of packages go into the bytes: they are the same where node_modules is a link.
    resolve: { symlinks: false },
    transform: { target: TARGET, define: { ...embeddedFiles(), ...browser.define } },
    plugins: [onlyTheParserOfYargs, packagesInTheirFiles, onlyAscii],
  });
  const { output } = await program.write({
    dir: outdir,
    format: 'esm',
    // As deep as src/base: see installation.ts there.
    entryFileNames: 'cli/[name].js',
    chunkFileNames: 'parts/[name]-[hash].js',
    comments: false,
    codeSplitting: { groups: LOADED_TOGETHER },
  });
  const packages = await Promise.all(
    Object.keys(REQUIRED).map((name) =>
      build({
        ...COMMON,
        stdin: { contents: ENTRIES[name] ?? `module.exports = require('${name}');`, resolveDir: process.cwd() },
        outfile: join(outdir, packageFile(name)),
        format: 'cjs',
        external: NATIVE,
        minifyWhitespace: true,
        minifySyntax: true,
      }),
    ),
  );
  const modules = output.flatMap((file) => (file.type === 'chunk' ? Object.entries(file.modules) : []));
  const inputs = modules.flatMap(([path, { renderedLength }]) => (renderedLength > 0 ? [relative('', path)] : []));
  const bundled = packagesOf([...inputs, ...inputsOf([browser.metafile, ...packages.map(({ metafile }) => metafile)])]);
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
  return packagesOf(inputsOf([metafile, browser.metafile]));
}

/** The script and the styles of the status page, which src/web/routes.ts serves. */
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

/** What `readPackageFile` in src/base/installation.ts and examples/demo/installed.ts read. */
function embeddedFiles() {
  const { name, version } = JSON.parse(readFileSync('package.json', 'utf8'));
  const files = { 'package.json': JSON.stringify({ name, version }), ...textsIn('templates') };
  const agent = Object.entries(textsIn('test/stand-ins/agent')).filter(([path]) => /\.py$|\/python$/.test(path));
  const template = 'examples/demo/demo.template';
  const demo = { [template]: readFileSync(template, 'utf8'), ...Object.fromEntries(agent) };
  return { EMBEDDED_FILES: embedded(files), DEMO_FILES: embedded(demo) };
}

/**
 * These files as an expression. A bundler puts an object into a file that all others load, a string only where it is used.
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
 * The files of which code went in.
 * @param {readonly import('esbuild').Metafile[]} metafiles
 */
function inputsOf(metafiles) {
  const outputs = metafiles.flatMap((metafile) => Object.values(metafile.outputs));
  return outputs.flatMap((output) =>
    Object.entries(output.inputs).flatMap(([path, { bytesInOutput }]) => (bytesInOutput > 0 ? [path] : [])),
  );
}

/**
 * The folders of the packages to which these files belong.
 * @param {readonly string[]} inputs
 */
function packagesOf(inputs) {
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
