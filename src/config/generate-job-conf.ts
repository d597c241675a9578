// Writes the clearml.conf of a job: what the agent on the node needs, without what belongs to the daemon.
import { nodeAt, overlay, treeWith, type ConfigNode, type ConfigTree } from './config-tree.ts';

/** The sections that clearml-agent and the SDK read. */
const SECTIONS = ['api', 'agent', 'sdk', 'environment', 'files'];

/** What belongs to this daemon alone. A token has no effect in a file: the agent reads it only from `CLEARML_AUTH_TOKEN`. */
const OWN: Readonly<Record<string, readonly string[]>> = {
  api: ['auth_token'],
  // The ids of this worker: the server would reject a job with the same ids as a duplicate worker.
  agent: ['slurm', 'worker_id', 'worker_name'],
};

/**
 * The effective configuration, with credentials from the environment, as JSON that clearml-agent's HOCON parser
 * reads unchanged; with the keys of `agent.slurm.job_credentials`, if set. It contains secrets: write it only to a file of
 * mode 0600.
 */
export function jobConfig(whole: ConfigTree): string {
  const keys = nodeAt(whole, ['agent', 'slurm', 'job_credentials']);
  const root = keys?.kind === 'tree' ? overlay(whole, treeWith(['api', 'credentials'], keys)) : whole;
  const sections = SECTIONS.flatMap((name): [string, ConfigNode][] => {
    const section = root.fields.get(name);
    if (section?.kind !== 'tree') return [];
    const own = OWN[name] ?? [];
    const fields = new Map([...section.fields].filter(([key]) => !own.includes(key)));
    return fields.size === 0 ? [] : [[name, { ...section, fields }]];
  });
  return `${written({ ...root, fields: new Map(sections) }, '')}\n`;
}

function written(node: ConfigNode, indent: string): string {
  const inner = `${indent}  `;
  if (node.kind === 'leaf') return typeof node.value === 'string' ? quoted(node.value) : JSON.stringify(node.value);
  if (node.kind === 'list') return `[${node.items.map((item) => written(item, inner)).join(', ')}]`;
  if (node.fields.size === 0) return '{}';
  const fields = [...node.fields].map(([name, field]) => `${inner}${quoted(name)}: ${written(field, inner)}`);
  return `{\n${fields.join(',\n')}\n${indent}}`;
}

/** A JSON string without `\uXXXX`, `\b` and `\f`, which that parser does not decode. */
function quoted(text: string): string {
  const escapes: Readonly<Record<string, string>> = { '"': '\\"', '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' };
  return `"${text.replace(/["\\\n\r\t]/g, (character) => escapes[character] ?? character)}"`;
}
