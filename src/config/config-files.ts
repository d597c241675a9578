// Finds and reads the configuration files, in the same locations as clearml-agent, and makes the paths in them absolute.
import { readFileSync } from 'node:fs';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { ConfigError } from './errors.ts';
import type { IncludedFile } from './hocon/parse-hocon.ts';
import type { Surroundings } from './environment-variables.ts';
import { messageOf } from '../base/error-message.ts';
import type { ConfigNode, ConfigTree } from './config-tree.ts';

/** The text of a file, or undefined if it does not exist; throws if it cannot be read. */
export type ReadFile = (path: string) => string | undefined;

export const readTextFile: ReadFile = (path) => {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR'))
      return undefined;
    throw error;
  }
};

export interface ConfigFiles {
  /** Lowest precedence first. */
  readonly found: readonly IncludedFile[];
  /** Files that do not exist. */
  readonly missing: readonly string[];
}

export interface FileSearch {
  /** `--config-file`. */
  readonly configFile: string | undefined;
  readonly surroundings: Surroundings;
  readonly homeDir: string;
  readonly readFile: ReadFile;
}

/**
 * The file of `--config-file`, else that of `CLEARML_CONFIG_FILE`, else `~/trains.conf` overlaid by `~/clearml.conf`,
 * else `~/.clearml.conf`.
 * @throws ConfigError if the file of `--config-file` does not exist, or a file cannot be read
 */
export function readConfigFiles({ configFile, surroundings, homeDir, readFile }: FileSearch): ConfigFiles {
  if (configFile !== undefined) {
    const files = read([expandHome(configFile, homeDir)], readFile);
    const [missing] = files.missing;
    if (missing === undefined) return files;
    throw new ConfigError(`there is no file ${missing}`, { kind: 'option', name: '--config-file' });
  }
  if (surroundings.configFile !== undefined) return read([expandHome(surroundings.configFile.path, homeDir)], readFile);
  const usual = read([join(homeDir, 'trains.conf'), join(homeDir, 'clearml.conf')], readFile);
  if (usual.found.length > 0) return usual;
  const hidden = read([join(homeDir, '.clearml.conf')], readFile);
  return hidden.found.length > 0 ? hidden : usual;
}

/** What `from` includes as `path`: relative to itself. */
export function readIncludedFile(path: string, from: string, readFile: ReadFile): IncludedFile | undefined {
  return read([resolve(dirname(from), path)], readFile).found[0];
}

/** Expands a path on this machine: `~` is the home directory, anything else is relative to `folder`. */
function expandPath(path: string, homeDir: string, folder: string): string {
  const expanded = expandHome(path, homeDir);
  return isAbsolute(expanded) ? expanded : join(folder, expanded);
}

function expandHome(path: string, homeDir: string): string {
  return path === '~' || path.startsWith('~/') ? join(homeDir, path.slice(1)) : path;
}

function read(paths: readonly string[], readFile: ReadFile): ConfigFiles {
  const found: IncludedFile[] = [];
  const missing: string[] = [];
  for (const file of paths) {
    const text = readOne(file, readFile);
    if (text === undefined) missing.push(file);
    else found.push({ file, text });
  }
  return { found, missing };
}

function readOne(file: string, readFile: ReadFile): string | undefined {
  try {
    return readFile(file);
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    throw new ConfigError(`cannot be read: ${messageOf(error)}`, { kind: 'file', file, line: 1, column: 1 });
  }
}

/** The settings that are such paths; `*` is any name. */
const LOCAL_PATHS = [
  'template_files',
  'state_dir',
  'queues.*.template',
  'clusters.*.template',
  'clusters.*.identity_file',
  'clusters.*.password_file',
  'http.token_file',
  'http.unix_socket',
].map((path) => ['agent', 'slurm', ...path.split('.')]);

/** Expands `~` and resolves paths relative to their file. A path from the command line stays relative to the working directory. */
export function withLocalPaths(tree: ConfigTree, homeDir: string): ConfigTree {
  return LOCAL_PATHS.reduce<ConfigTree>((sofar, path) => ({ ...sofar, fields: fieldsAt(sofar, path, homeDir) }), tree);
}

function fieldsAt(tree: ConfigTree, [step, ...rest]: readonly string[], homeDir: string): Map<string, ConfigNode> {
  const fields = [...tree.fields].map(([name, node]): [string, ConfigNode] => {
    if (step !== '*' && step !== name) return [name, node];
    if (rest.length === 0) return [name, expanded(node, homeDir)];
    return [name, node.kind === 'tree' ? { ...node, fields: fieldsAt(node, rest, homeDir) } : node];
  });
  return new Map(fields);
}

function expanded(node: ConfigNode, homeDir: string): ConfigNode {
  if (node.kind === 'list') return { ...node, items: node.items.map((item) => expanded(item, homeDir)) };
  if (node.kind !== 'leaf' || typeof node.value !== 'string' || node.value === '') return node;
  const folder = node.origin.kind === 'file' ? dirname(node.origin.file) : '';
  return { ...node, value: expandPath(node.value, homeDir, folder) };
}
