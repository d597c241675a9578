// Who may import whom: the rooms of src, the one place of each package, and the system's own modules that are kept in corners.

// depcruise reads .ts files with swc; where swc is missing, it reads none and finds nothing wrong.
require('@swc/core');

/** What the program works with; none of them knows another, except that Slurm's commands need a transport. */
const TOPICS = ['transport', 'config', 'sbatch-template', 'clearml', 'slurm'];

/** Each room, and the rooms below it that it may use. A room that is not named here is refused. */
const ROOMS = {
  base: [],
  log: ['base'],
  transport: ['base', 'log'],
  config: ['base'],
  'sbatch-template': ['base'],
  clearml: ['base', 'log'],
  slurm: ['base', 'log', 'transport'],
  sandbox: ['base'],
  assembly: ['base', 'log', ...TOPICS],
  history: ['base', 'log'],
  lint: ['base', 'log', ...TOPICS, 'assembly'],
  daemon: ['base', 'log', ...TOPICS, 'assembly', 'history', 'lint'],
  web: ['base', 'log', ...TOPICS, 'assembly', 'history', 'daemon'],
  'task-commands': ['base', 'log', ...TOPICS, 'assembly', 'daemon'],
  execute: ['base', 'log', ...TOPICS, 'assembly', 'history', 'daemon', 'task-commands'],
  doctor: ['base', 'log', ...TOPICS, 'assembly', 'lint', 'daemon'],
  init: ['base', 'log', ...TOPICS, 'assembly', 'doctor'],
  cli: [
    'base',
    'log',
    ...TOPICS,
    'assembly',
    'history',
    'lint',
    'daemon',
    'web',
    'task-commands',
    'execute',
    'doctor',
    'init',
    'sandbox',
  ],
};

/** The files, as a regular expression, that may know a package or one of Node's own modules. */
const KEPT_IN = {
  undici: '^src/clearml/connection/http-request\\.ts$',
  'p-retry': '^src/clearml/connection/retry\\.ts$',
  mustache: '^src/sbatch-template/job-script/',
  yargs: '^src/cli/parser\\.ts$',
  winston: '^src/log/',
  shlex: '^src/base/shell-word\\.ts$',
  'fastest-levenshtein': '^src/base/did-you-mean\\.ts$',
  'string-width': '^src/base/wrap-text\\.ts$',
  'prom-client': '^src/web/metrics/collect-metrics\\.ts$',
  uplot: '^src/web/browser/',
  ssh2: '^src/transport/ssh2/',
};
/** Packages that any file of src may use. */
const FREE = ['zod'];
const CORE_KEPT_IN = {
  child_process: '^src/transport/(local-transport|spawn-detached)\\.ts$',
};

/** What is told everything it needs; the one file among it that reads templates from the disk is named. */
const DECIDING =
  '^src/(daemon/decide/|doctor/(?!probe-|run-doctor\\.)|lint/|slurm/|sbatch-template/(?!job-script/render-blocks\\.ts$))';

/** @param {[string, string[]]} room with the rooms below it */
function roomRule([room, below]) {
  const allowed = [room, ...below].join('|');
  return {
    name: `${room}-looks-down-only`,
    comment: below.length > 0 ? `${room} may use ${below.join(', ')}` : `${room} uses no other room`,
    severity: 'error',
    from: { path: `^src/${room}/` },
    to: { path: '^src/', pathNot: `^src/(${allowed})/` },
  };
}

/** @param {[string, string]} kept a package and its place */
function packageRule([name, place]) {
  return {
    name: `${name}-in-one-place`,
    severity: 'error',
    from: { path: '^src/', pathNot: place },
    to: { path: `(^|/)node_modules/(@types/)?${name}/` },
  };
}

/** @param {[string, string]} kept a module of Node's and its place */
function coreRule([name, place]) {
  return {
    name: `${name}-in-one-place`,
    severity: 'error',
    from: { path: '^src/', pathNot: place },
    to: { path: `^(node:)?${name}$`, dependencyTypes: ['core'] },
  };
}

module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'only-known-rooms',
      comment: 'a new room gets a line in this file, and a sentence in CONTRIBUTING.md',
      severity: 'error',
      from: { path: '^src/', pathNot: `^src/(${Object.keys(ROOMS).join('|')})/` },
      to: {},
    },
    ...Object.entries(ROOMS).map(roomRule),
    ...Object.entries(KEPT_IN).map(packageRule),
    ...Object.entries(CORE_KEPT_IN).map(coreRule),
    {
      name: 'deciding-is-pure',
      comment: 'what only decides uses no file, no process, no timer: it can be tested by tables',
      severity: 'error',
      from: { path: DECIDING },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'no-unlisted-package',
      comment: 'src lives on what package.json lists under dependencies, each of which stands above',
      severity: 'error',
      from: { path: '^src/' },
      to: {
        path: 'node_modules/',
        pathNot: `node_modules/(@types/)?(node|${[...Object.keys(KEPT_IN), ...FREE].join('|')})/`,
      },
    },
    { name: 'resolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
    { name: 'no-tests-in-the-product', severity: 'error', from: { path: '^src/' }, to: { path: '^test/' } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
};
