// Makes paths on this machine absolute, so that the daemon can be started from any directory.
import { dirname } from 'node:path';
import { expandPath } from './config-files.ts';
import type { ConfigNode, ConfigTree } from './config-tree.ts';

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
