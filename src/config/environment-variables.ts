// The environment variables that this program reads. No other file knows their names.
import { leaf, overlay, treeWith, emptyTree, type ConfigTree, type Scalar, type Origin } from './config-tree.ts';
import { ConfigError } from './errors.ts';
import type { Environment } from './hocon/resolve-substitutions.ts';
import { parseHoconValue } from './hocon/parse-hocon.ts';

interface NamedVariable {
  /** The name and its older forms; the first one that is set and not empty applies. */
  readonly names: readonly [string, ...string[]];
  /** The setting that it replaces. */
  readonly path: string;
  readonly kind: 'text' | 'switch' | 'number';
}

function clearml(name: string, path: string, kind: NamedVariable['kind'] = 'text'): NamedVariable {
  return { names: [`CLEARML_${name}`, `TRAINS_${name}`], path, kind };
}

const SLURM_CONF = 'SLURM_CONF';

/** Variables that replace one setting each: those of clearml-agent, and ours. */
export const NAMED_VARIABLES: readonly NamedVariable[] = [
  clearml('API_HOST', 'api.api_server'),
  clearml('WEB_HOST', 'api.web_server'),
  clearml('FILES_HOST', 'api.files_server'),
  clearml('API_ACCESS_KEY', 'api.credentials.access_key'),
  clearml('API_SECRET_KEY', 'api.credentials.secret_key'),
  { names: ['CLEARML_AUTH_TOKEN'], path: 'api.auth_token', kind: 'text' },
  clearml('API_HOST_VERIFY_CERT', 'api.verify_certificate', 'switch'),
  { names: ['CLEARML_API_DEFAULT_REQ_METHOD'], path: 'api.http.default_method', kind: 'text' },
  clearml('WORKER_ID', 'agent.worker_id'),
  clearml('WORKER_NAME', 'agent.worker_name'),
  clearml('DOCKER_IMAGE', 'agent.default_docker.image'),
  clearml('AGENT_GIT_USER', 'agent.git_user'),
  clearml('AGENT_GIT_PASS', 'agent.git_pass'),
  clearml('AGENT_GIT_HOST', 'agent.git_host'),
  { names: ['CLEARML_AGENT_QUEUE_POLL_FREQ_SEC'], path: 'agent.slurm.queue_poll_interval_sec', kind: 'number' },
  { names: [SLURM_CONF], path: 'agent.slurm.slurm_conf', kind: 'text' },
];

const DYNAMIC_PREFIX = 'CLEARML_AGENT__';

const SWITCHES: ReadonlyMap<string, boolean> = new Map([
  ...['y', 'yes', 't', 'true', 'on', '1'].map((word) => [word, true] as const),
  ...['n', 'no', 'f', 'false', 'off', '0'].map((word) => [word, false] as const),
]);

/** Variables that are not settings: files, logging and proxies. Of several names, the first that is set applies. */
export const OTHER_VARIABLES = {
  configFile: {
    names: ['CLEARML_CONFIG_FILE', 'TRAINS_CONFIG_FILE'],
    meaning: 'The configuration file to read instead of the default ones.',
  },
  stateHome: { names: ['XDG_STATE_HOME'], meaning: 'The parent of the default `state_dir`.' },
  logLevel: {
    names: ['CLEARML_LOG_LEVEL', 'TRAINS_LOG_LEVEL'],
    meaning: 'The log level, as with the option `--log-level`.',
  },
  debug: { names: ['CLEARML_SLURM_GLUE_DEBUG'], meaning: '`1`: log everything, and the stack of each error.' },
  journalStream: {
    names: ['JOURNAL_STREAM'],
    meaning: "Set by systemd when the log goes to systemd's journal. Each log line then has a priority and no time.",
  },
  // The variables of Python's requests, which the agent uses. Node itself reads NODE_EXTRA_CA_CERTS.
  caFile: { names: ['REQUESTS_CA_BUNDLE', 'CURL_CA_BUNDLE'], meaning: 'A file with CA certificates to trust.' },
  httpProxy: {
    names: ['http_proxy', 'HTTP_PROXY', 'all_proxy', 'ALL_PROXY'],
    meaning: 'The proxy for an `http://` server.',
  },
  httpsProxy: {
    names: ['https_proxy', 'HTTPS_PROXY', 'all_proxy', 'ALL_PROXY'],
    meaning: 'The proxy for an `https://` server.',
  },
  noProxy: { names: ['no_proxy', 'NO_PROXY'], meaning: 'Hosts to connect to without a proxy.' },
} as const satisfies Readonly<Record<string, { names: readonly [string, ...string[]]; meaning: string }>>;

/** The values of those variables. */
export interface Surroundings {
  /** With the name of the variable. */
  readonly configFile: { readonly variable: string; readonly path: string } | undefined;
  readonly stateHome: string | undefined;
  /** In lower case. */
  readonly logLevel: string | undefined;
  readonly isDebugging: boolean;
  /** Device and inode of the journal's socket. */
  readonly journalStream: string | undefined;
  readonly caFile: string | undefined;
  readonly httpProxy: string | undefined;
  readonly httpsProxy: string | undefined;
  readonly noProxy: string | undefined;
  /** Variables that are set and have no effect, although a user may expect one: `sbatch` never gets them. */
  readonly ignored: readonly string[];
}

/** @throws ConfigError if a boolean variable is neither true nor false */
export function readSurroundings(environment: Environment): Surroundings {
  const variableOf = (variable: keyof typeof OTHER_VARIABLES): SetVariable | undefined =>
    firstSet(environment, OTHER_VARIABLES[variable].names);
  const configFile = variableOf('configFile');
  const debug = variableOf('debug');
  return {
    configFile: configFile === undefined ? undefined : { variable: configFile.name, path: configFile.text },
    stateHome: variableOf('stateHome')?.text,
    logLevel: variableOf('logLevel')?.text.toLowerCase(),
    isDebugging: debug !== undefined && switchFrom(debug.text, { kind: 'variable', name: debug.name }),
    journalStream: variableOf('journalStream')?.text,
    caFile: variableOf('caFile')?.text,
    httpProxy: variableOf('httpProxy')?.text,
    httpsProxy: variableOf('httpsProxy')?.text,
    noProxy: variableOf('noProxy')?.text,
    ignored: Object.keys(environment)
      .filter((name) => name.startsWith('SBATCH_') || name === 'CLEARML_CONFIG_PATH')
      .sort(),
  };
}

/**
 * `CLEARML_AGENT__A__B=value` sets `a.b` to the value in HOCON syntax, for every section, in the order of the names.
 * @throws ConfigError with the name of a variable that cannot be parsed
 */
export function dynamicVariables(environment: Environment): ConfigTree {
  let tree: ConfigTree = emptyTree({ kind: 'default' });
  const names = Object.keys(environment).filter((name) => name.startsWith(DYNAMIC_PREFIX));
  for (const name of names.sort()) {
    const origin: Origin = { kind: 'variable', name };
    const path = name.slice(DYNAMIC_PREFIX.length).toLowerCase().split('__');
    if (path.includes('')) throw new ConfigError('names no setting: the form is CLEARML_AGENT__SECTION__KEY', origin);
    const value = parseHoconValue(environment[name] ?? '', origin, environment);
    if (value !== undefined) tree = overlay(tree, treeWith(path, value));
  }
  return tree;
}

/** The variables that replace one setting each. @throws ConfigError with the name of the variable */
export function namedVariables(environment: Environment): ConfigTree {
  let tree: ConfigTree = emptyTree({ kind: 'default' });
  for (const { names, path, kind } of NAMED_VARIABLES) {
    const found = firstSet(environment, names);
    if (found === undefined) continue;
    const origin: Origin = { kind: 'variable', name: found.name };
    tree = overlay(tree, treeWith(path.split('.'), leaf(valueOf(found.text, kind, origin), origin)));
  }
  return tree;
}

function valueOf(text: string, kind: NamedVariable['kind'], origin: Origin): Scalar {
  if (kind === 'text') return text;
  if (kind === 'switch') return switchFrom(text, origin);
  const number = Number(text);
  if (!Number.isFinite(number)) throw new ConfigError('must be a number', origin);
  return number;
}

function switchFrom(text: string, origin: Origin): boolean {
  const value = SWITCHES.get(text.toLowerCase());
  if (value === undefined) throw new ConfigError('must be true or false', origin);
  return value;
}

export interface ServiceVariables {
  /** What the environment of a service needs besides PATH to read the same configuration and reach the same server; without secrets. */
  readonly kept: Readonly<Record<string, string>>;
  /** The names of those that may be secret. */
  readonly left: readonly string[];
}

/** The variables that are set here, but not in the environment of systemd or cron. */
export function serviceVariables(environment: Environment): ServiceVariables {
  const { configFile, stateHome, caFile, httpProxy, httpsProxy, noProxy } = OTHER_VARIABLES;
  const plain = [configFile, stateHome, caFile, httpProxy, httpsProxy, noProxy].flatMap(({ names }) => [...names]);
  const settings = NAMED_VARIABLES.flatMap(({ names }) => [...names]).filter((name) => name !== SLURM_CONF);
  const isSet = (name: string): boolean => (environment[name]?.trim() ?? '') !== '';
  const keepable = [...new Set([SLURM_CONF, ...plain, 'NODE_EXTRA_CA_CERTS'])].filter(isSet);
  const isSecret = (name: string): boolean => /proxy/i.test(name) && environment[name]?.includes('@') === true;
  return {
    kept: Object.fromEntries(keepable.filter((name) => !isSecret(name)).map((name) => [name, environment[name] ?? ''])),
    left: [
      ...settings.filter(isSet),
      ...Object.keys(environment)
        .filter((name) => name.startsWith(DYNAMIC_PREFIX))
        .sort(),
      ...keepable.filter(isSecret),
    ],
  };
}

interface SetVariable {
  readonly name: string;
  readonly text: string;
}

function firstSet(environment: Environment, names: readonly string[]): SetVariable | undefined {
  for (const name of names) {
    const text = environment[name]?.trim();
    if (text !== undefined && text !== '') return { name, text };
  }
  return undefined;
}
