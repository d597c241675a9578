// Loads the configuration: defaults, files, environment and command line, each overlaid on the previous one.
import { join } from 'node:path';
import { checkedConf, originAt } from './schema/check-against-schema.ts';
import { servedClusters } from './cluster-settings.ts';
import { readConfigFiles, readIncludedFile, type ReadFile, withLocalPaths } from './config-files.ts';
import {
  emptyTree,
  leaf,
  nodeAt,
  nodeFrom,
  overlay,
  plainTree,
  treeWith,
  type ConfigNode,
  type ConfigTree,
  type Plain,
  type Origin,
} from './config-tree.ts';
import { dynamicVariables, namedVariables, readSurroundings, type Surroundings } from './environment-variables.ts';
import type { Environment } from './hocon/resolve-substitutions.ts';
import { parseHocon } from './hocon/parse-hocon.ts';
import { filesWithSecrets } from './redact-secret-settings.ts';
import { servedQueues } from './served-queues.ts';
import { splitPath } from './dotted-names.ts';
import { settingsFrom, type Settings } from './convert-settings.ts';
import { withAddresses } from './server-addresses.ts';

/** A setting from the command line. */
export interface TypedSetting {
  /** For messages, e.g. `--queue`. */
  readonly option: string;
  /** e.g. `agent.slurm.queues`. */
  readonly path: string;
  /** undefined if the option was not given. */
  readonly value: unknown;
}

export interface ConfigSources {
  readonly environment: Environment;
  readonly homeDir: string;
  readonly commandLine: { readonly configFile?: string | undefined; readonly settings?: readonly TypedSetting[] };
  readonly readFile: ReadFile;
}

export interface Config {
  readonly settings: Settings;
  /** The whole merged configuration with defaults, as plain data. It contains secrets. */
  readonly tree: Readonly<Record<string, Plain>>;
  /** The same with the origin of each value. */
  readonly root: ConfigTree;
  /** Where a setting came from, by its dotted name; undefined if nothing sets it. */
  originOf(path: string): Origin | undefined;
  /** The files that were read, lowest precedence first, with included files. */
  readonly files: readonly string[];
  /** Those of them that no other file includes; empty if there are none. */
  readonly mainFiles: readonly string[];
  /** Those of them that contain secrets, even if these are overridden. */
  secretFiles(): readonly string[];
  /** Files that do not exist. */
  readonly missingFiles: readonly string[];
  readonly surroundings: Surroundings;
  /** Messages for the log. */
  readonly warnings: readonly string[];
}

const NOWHERE: Origin = { kind: 'default' };

/**
 * Reads the whole configuration.
 * @throws ConfigError if a file, a variable or an option cannot be read or has an invalid value
 */
export function loadConfig({ environment, homeDir, commandLine, readFile }: ConfigSources): Config {
  const surroundings = readSurroundings(environment);
  const files = readConfigFiles({ configFile: commandLine.configFile, surroundings, homeDir, readFile });
  const read: string[] = [];
  const warnings = ignoredVariables(surroundings);

  function readInclude(path: string, from: string): { file: string; text: string } | undefined {
    const found = readIncludedFile(path, from, readFile);
    if (found === undefined) warnings.push(`${from} includes ${path}, which does not exist.`);
    else read.push(found.file);
    return found;
  }

  if (surroundings.configFile !== undefined && commandLine.configFile === undefined && files.found.length === 0) {
    warnings.push(`${surroundings.configFile.variable} names ${files.missing.join()}, which does not exist.`);
  }
  const layers = files.found.map(({ file, text }) => {
    read.push(file);
    return parseHocon(file, text, { environment, readInclude });
  });
  const written = [
    treeWith(['api', 'verify_certificate'], leaf(true, NOWHERE)),
    ...layers,
    dynamicVariables(environment),
    namedVariables(environment),
  ].reduce(overlay);
  const given = withChosenQueues(written, typedSettings(commandLine.settings ?? []));

  const complete = withLocalPaths(withAddresses(given), homeDir);
  const conf = checkedConf(complete);
  const stateDir = conf.agent.slurm.state_dir ?? defaultStateDir(surroundings, homeDir);
  const slurm = withDefaults({ ...conf.agent.slurm, state_dir: stateDir }, nodeAt(complete, ['agent', 'slurm']));
  const root = overlay(complete, treeWith(['agent', 'slurm'], slurm));
  const origin = (...path: readonly string[]): Origin => originAt(root, ['agent', 'slurm', ...path]);
  const served = {
    clusters: servedClusters(conf.agent.slurm, stateDir, origin),
    queues: servedQueues(conf.agent.slurm, origin, namesAt(complete, ['agent', 'slurm', 'queues'])),
  };
  return {
    settings: settingsFrom(conf, served),
    tree: plainTree(root),
    root,
    originOf: (path) => nodeAt(root, splitPath(path))?.origin,
    files: read,
    mainFiles: files.found.map(({ file }) => file),
    secretFiles: () => [...new Set(layers.flatMap(filesWithSecrets))],
    missingFiles: files.missing,
    surroundings,
    warnings,
  };
}

/** The names of the fields of a group, in the order of the file. */
function namesAt(root: ConfigTree, path: readonly string[]): string[] {
  const node = nodeAt(root, path);
  return node?.kind === 'tree' ? [...node.fields.keys()] : [];
}

function ignoredVariables({ ignored }: Surroundings): string[] {
  return ignored.map((name) =>
    name === 'CLEARML_CONFIG_PATH'
      ? 'CLEARML_CONFIG_PATH is set, but configuration directories are not supported: name a file in CLEARML_CONFIG_FILE instead.'
      : `${name} is set, but the daemon does not pass it to sbatch: write the option into the template.`,
  );
}

function typedSettings(settings: readonly TypedSetting[]): ConfigTree {
  return settings
    .filter(({ value }) => value !== undefined)
    .map(({ option, path, value }) => treeWith(splitPath(path), nodeFrom(value, { kind: 'option', name: option })))
    .reduce<ConfigTree>(overlay, emptyTree(NOWHERE));
}

function defaultStateDir({ stateHome }: Surroundings, homeDir: string): string {
  return join(stateHome ?? join(homeDir, '.local', 'state'), 'clearml-agent-slurm');
}

/** A checked value with its defaults, where each part from a file keeps its origin. */
function withDefaults(value: unknown, written: ConfigNode | undefined): ConfigNode {
  const isWritten = written !== undefined && !(written.kind === 'leaf' && written.value === null);
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return isWritten ? written : nodeFrom(value, NOWHERE);
  const fields = Object.entries(value).map(([name, field]): [string, ConfigNode] => {
    return [name, withDefaults(field, written?.kind === 'tree' ? written.fields.get(name) : undefined)];
  });
  return { kind: 'tree', fields: new Map(fields), origin: written?.origin ?? NOWHERE };
}

const QUEUES = ['agent', 'slurm', 'queues'];

/** `--queue`: overlays options on settings. A list of names selects from a group, in the order of the list, and replaces a list. */
function withChosenQueues(written: ConfigTree, typed: ConfigTree): ConfigTree {
  const both = overlay(written, typed);
  const group = nodeAt(written, QUEUES);
  const chosen = nodeAt(typed, QUEUES);
  if (group?.kind !== 'tree' || chosen?.kind !== 'list') return both;
  const fields = chosen.items.map((item): [string, ConfigTree] => {
    const name = item.kind === 'leaf' ? String(item.value) : '';
    const settings = group.fields.get(name);
    return [name, settings?.kind === 'tree' ? settings : emptyTree(item.origin)];
  });
  // `overlay` would keep the other queues.
  return overlay(
    overlay(both, treeWith(QUEUES, chosen)),
    treeWith(QUEUES, { ...chosen, kind: 'tree', fields: new Map(fields) }),
  );
}
